"""The sheet of augmentations."""

import cv2
import numpy as np
import pytest

from dense_scene.analysis.previews.augmentation_sheet import (
    _GREEN,
    draw_augmentation_sheet,
    write_augmentation_sheet,
)
from dense_scene.datasets.transforms.auto_augment.steps import OPERATION_NAMES
from dense_scene.testing import tiny_coco


@pytest.fixture
def image():
    return np.full((40, 60, 3), 90, np.uint8)


def tiles_of(sheet, columns, rows):
    """Pixels of the tiles, captions included."""
    height, width = sheet.shape[0] // rows, sheet.shape[1] // columns
    return [
        sheet[r * height : (r + 1) * height, c * width : (c + 1) * width]
        for r in range(rows)
        for c in range(columns)
    ]


def green(tile):
    return int((tile == _GREEN).all(axis=2).sum())


def test_a_tile_for_every_operation(image):
    # At a tenth of the resolution nothing moves out of 60 pixels.
    sheet = draw_augmentation_sheet(
        image, [[10, 10, 50, 30]], pixel_scale=(0.1, 0.1)
    )
    # The image and 25 operations in 7 columns: 4 rows, 2 places left.
    tiles = tiles_of(sheet, 7, 4)
    drawn = [tile.min() < 255 for tile in tiles]
    assert drawn == [True] * (1 + len(OPERATION_NAMES)) + [False] * 2
    assert all(green(tile) for tile in tiles[:26])
    # 60 pixels are shown as 228: a box of 40 x 20 as 152 x 76, one thick.
    assert green(tiles[0]) == 2 * (152 + 76) - 4


def test_sub_policies_and_dropped_boxes(image):
    policy = [
        [('Brightness', 1, 0)],
        [],
        [('TranslateX_BBox', 1, 10), ('Color', 0, 3)],
    ]
    sheet = draw_augmentation_sheet(
        image, [[10, 10, 50, 30]], policy, columns=2
    )
    first, dark, same, gone = tiles_of(sheet, 2, 2)
    # Two lines of 17 pixels and 4 of margin above each picture.
    assert (first[38:] == same[38:]).all()
    assert (dark[40, 20] == 9).all()  # a tenth of 90
    assert green(gone) == 0 and (gone[40:-4, :-4] == 128).all()


def test_level_and_seed(image):
    image[:, :30] = 20
    box = [[10, 10, 50, 30]]
    sheet = draw_augmentation_sheet(image, box)
    assert (draw_augmentation_sheet(image, box) == sheet).all()
    for other in (dict(seed=1), dict(level=3), dict(pixel_scale=(0.1, 0.1))):
        assert (draw_augmentation_sheet(image, box, **other) != sheet).any()
    with pytest.raises(ValueError, match=r'in \[0, 10\], but got 11'):
        draw_augmentation_sheet(image, box, level=11)


def test_photo_with_annotations(tmp_path):
    truth = tiny_coco(tmp_path)
    photo = tmp_path / 'images/000002.png'
    path = tmp_path / 'new/sheet.png'
    assert write_augmentation_sheet(path, photo, truth, 'v0') == path
    sheet = cv2.imread(str(path))
    # The photo and 5 sub-policies, side by side.
    assert sheet.shape[1] == 6 * (228 + 4)
    assert green(sheet) > 0
    write_augmentation_sheet(path, photo, None, 'v0')  # without boxes
    assert green(cv2.imread(str(path))) == 0
    assert [p.name for p in path.parent.iterdir()] == ['sheet.png']


def test_bad_input(tmp_path):
    truth = tiny_coco(tmp_path)
    photo = tmp_path / 'images/000002.png'
    other = tmp_path / 'other.png'
    other.write_bytes(photo.read_bytes())
    out = tmp_path / 'sheet.jpg'
    for arguments, words in (
        ((tmp_path / 'sheet.gif',), 'must end with .jpg, .jpeg, .png'),
        ((out, other, truth), "exactly one image called 'other.png'"),
        ((out, tmp_path / 'no.png', truth), 'no.png does not exist'),
        ((out, photo, truth, 'v9'), "but got 'v9'"),
    ):
        with pytest.raises(ValueError, match=words):
            write_augmentation_sheet(*arguments)
    with pytest.raises(ValueError, match='seed must be'):
        write_augmentation_sheet(out, seed=-1)
    with pytest.raises(FileNotFoundError, match='no.json'):
        write_augmentation_sheet(out, photo, tmp_path / 'no.json')
    assert not out.exists()
