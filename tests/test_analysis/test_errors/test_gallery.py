"""Pictures of the worst images."""

import cv2
import numpy as np
import pytest

from dense_scene.analysis.errors.gallery import (
    ERROR_COLORS,
    FOUND_COLOR,
    draw_error_gallery,
    draw_errors,
)
from dense_scene.analysis.errors.measure import analyse_errors
from dense_scene.evaluation.tables.detections import Detections
from tests.test_evaluation.scenes import make_truth


@pytest.fixture
def report():
    """Image 1 is perfect, 2 has a wrong detection, 3 misses an object too."""
    boxes = np.array([[100, 100, 300, 300]] * 3 + [[500, 500, 600, 700]])
    names = [f'{n}.png' for n in 'abc']
    truth = make_truth([1, 2, 3], [1, 2, 3, 3], boxes, names=names)
    found = np.concatenate((boxes[:3], [[400, 50, 500, 90]] * 2))
    return analyse_errors(
        truth,
        Detections([1, 2, 3, 2, 3], found, [0.9, 0.9, 0.9, 0.8, 0.8], [0] * 5),
    )


@pytest.fixture
def folder(tmp_path):
    for name in 'abc':
        cv2.imwrite(
            str(tmp_path / f'{name}.png'), np.full((800, 800, 3), 90, np.uint8)
        )
    return tmp_path


def test_the_worst_come_first(report, folder):
    # Badness: 2: .8 / 1 object; 3: (1 + .8) / 2 objects; 1 has none.
    paths = draw_error_gallery(report, folder, folder / 'out')
    assert [path.name for path in paths] == ['01_c.png', '02_b.png']
    assert sorted((folder / 'out').iterdir()) == paths
    assert len(draw_error_gallery(report, folder, folder / 'o', 1)) == 1
    picture = cv2.imread(str(paths[0]))
    assert tuple(picture[200, 100]) == FOUND_COLOR
    assert tuple(picture[600, 500]) == ERROR_COLORS['missed_other']
    assert tuple(picture[70, 400]) == ERROR_COLORS['background']
    assert (picture[110:290, 110:290] == 90).all()
    # Below: three columns of 210 pixels and their colored squares.
    assert picture.shape[1] == 800 and picture.shape[0] > 800
    assert tuple(picture[810, 10]) == FOUND_COLOR


def test_unsure_detections_are_not_drawn(report):
    image = np.full((800, 800, 3), 90, np.uint8)
    drawn = draw_errors(image, report, 3, score_thr=0.85)
    assert tuple(drawn[70, 400]) == (90, 90, 90)
    assert (image == 90).all(), 'the input is not drawn on'


def test_small_images_are_enlarged(report):
    drawn = draw_errors(np.full((400, 500, 3), 90, np.uint8), report, 2)
    # Twice; the object's left edge at 100 is at 200.
    assert drawn.shape[1] == 1000
    assert tuple(drawn[400, 200]) == FOUND_COLOR


def test_every_kind_has_a_color_of_its_own():
    colors = {FOUND_COLOR, *ERROR_COLORS.values()}
    assert len(colors) == 9


def test_no_errors_no_picture(tmp_path):
    truth = make_truth([1], names=['a.png'])
    none = Detections([], np.zeros((0, 4)), [], [])
    assert (
        draw_error_gallery(
            analyse_errors(truth, none), tmp_path, tmp_path / 'out'
        )
        == []
    )


def test_bad_input(report, folder):
    with pytest.raises(
        FileNotFoundError, match="none must hold every image.*'c.png' is not"
    ):
        draw_error_gallery(report, folder / 'none', folder / 'out')
    (folder / 'b.png').write_bytes(b'')
    (folder / 'c.png').write_bytes(b'text')
    with pytest.raises(ValueError, match=r'c.png must be an image, but'):
        draw_error_gallery(report, folder, folder / 'out')
    with pytest.raises(ValueError, match='worst must be a positive integer'):
        draw_error_gallery(report, folder, folder / 'out', 0)
    with pytest.raises(ValueError, match='score_thr must be a number'):
        draw_error_gallery(report, folder, folder / 'out', 1, 30)
    assert not (folder / 'out').exists()
