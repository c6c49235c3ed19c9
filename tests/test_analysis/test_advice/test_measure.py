"""What is measured on annotations, by hand and on real data."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from mmcv import rescale_size

from dense_scene.analysis.advice import anchors as anchor_advice
from dense_scene.analysis.advice.anchor_recall import AnchorShapes
from dense_scene.analysis.advice.anchors import advise_anchors
from dense_scene.analysis.advice.measure import (
    advise_dataset,
    metric_caps,
    resize,
)
from dense_scene.testing import tiny_sku110k
from shelf_scenes.write import write_shelves
from tests.test_evaluation.scenes import coco_dict, grid

NUCLEI = Path(os.environ.get('NUCLEI_ROOT', 'data/nuclei')) / 'val.json'


@pytest.fixture
def save(tmp_path):

    def _save(content):
        path = tmp_path / 'truth.json'
        path.write_text(json.dumps(content))
        return str(path)

    return _save


def scene(**changes):
    """One image of 800 x 400, two classes, seven annotations."""
    boxes = [
        [0, 0, 40, 40],
        [20, 0, 40, 40],
        [20, 0, 40, 40],
        [100, 100, 80, 20],
        [780, 0, 40, 40],
        [300, 300, 0.5, 9],
        [0, 200, 400, 100],
    ]
    rows = [
        dict(
            id=n,
            image_id=4,
            bbox=box,
            category_id=label,
            iscrowd=crowd,
            area=box[2] * box[3],
        )
        for n, (box, label, crowd) in enumerate(
            zip(boxes, [1, 1, 2, 2, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1]), 1
        )
    ]
    return dict(
        images=[dict(id=4, width=800, height=400, file_name='a.jpg')],
        categories=[dict(id=1, name='a'), dict(id=2, name='b')],
        annotations=rows,
        **changes,
    )


@pytest.mark.parametrize('scale', [(1333, 800), (800, 1333), (320, 320)])
def test_sizes_are_those_of_mmcv(scale):
    sizes = np.random.default_rng(0).integers(1, 5000, (500, 2))
    sizes = np.concatenate([sizes, [[1333, 800], [1, 9999], [3, 2]]])
    expected = [rescale_size(size, scale) for size in sizes.tolist()]
    assert resize(sizes, scale).tolist() == list(map(list, expected))


def test_figures_by_hand(save):
    advice = advise_dataset(save(scene()), (400, 300))
    # The crowd region and the box half a pixel wide are no objects.
    assert (advice.images, advice.objects, advice.left_out) == (1, 5, 2)
    assert advice.classes == ('a', 'b')
    # 800 -> 400. Three objects of class a, two of class b.
    assert advice.resize == 0.5
    assert (advice.needed, advice.needed_per_class) == (5, 3)
    assert advice.bounds == {100: 1, 300: 1}
    # Equal boxes of two classes; within class a 20 x 40 of 40 x 60.
    assert advice.overlap == 1
    assert advice.overlap_in_class == pytest.approx(1 / 3)
    assert advice.close == 0
    # Halved: 20 x 20 three times, 40 x 10, and 10 x 20 after clipping.
    assert advice.sizes[1] == 20
    assert advice.small == 0
    assert advice.suggested_scale == advice.scale == (400, 300)


def test_small_objects_ask_for_a_larger_scale(save):
    # 40 pixels become 40 x 80 / 800 = 4: twice the scale is needed,
    # (80, 60) x 2 in steps of 32.
    content = coco_dict(grid(12))
    content['images'][0].update(width=800, height=600)
    advice = advise_dataset(save(content), (80, 60))
    assert advice.small == 1
    assert advice.suggested_scale == (160, 128)
    # 40 x 0.02 = 0.8 pixels would ask for ten times; twice is suggested.
    assert advise_dataset(save(content), (16, 12)).suggested_scale == (32, 32)


def test_many_objects_ask_for_another_cap():
    assert metric_caps(300) == (100, 300)
    assert metric_caps(301) == (100, 300, 400)


def test_reads_the_csv_of_sku110k(tmp_path):
    folder = tiny_sku110k(tmp_path, num_images=2)
    advice = advise_dataset(str(folder / 'annotations/annotations_val.csv'))
    assert (advice.images, advice.objects) == (2, 2 * 15)
    assert advice.classes == ('object',)


def assert_better(advice):
    """The advised anchors reach more at both thresholds; all are exact."""
    stock, _, best = advice.anchors
    assert (stock.anchors.scales, stock.anchors.ratios) == ((8,), (0.5, 1, 2))
    assert best.anchors.per_location == stock.anchors.per_location == 3
    for threshold in (0.5, 0.7):
        assert best.recall[threshold] > stock.recall[threshold]
        for row in advice.anchors:
            assert row.recall_inside[threshold] <= row.recall[threshold]
    assert best.mean > stock.mean


@pytest.mark.skipif(
    not NUCLEI.is_file(), reason=f'no {NUCLEI}: set NUCLEI_ROOT'
)
def test_better_anchors_on_nuclei():
    assert_better(advise_dataset(str(NUCLEI), (1333, 512)))


def test_better_anchors_on_rendered_shelves(tmp_path):
    path = write_shelves(
        tmp_path, 4, size=256, objects=(15, 40), workers=1, progress=False
    )
    assert_better(advise_dataset(str(path), (1333, 800)))


@pytest.mark.parametrize(
    'found, advised',
    [
        ([0.5, 16, 7.9], 7.9),  # the first that reaches what mmdet does
        ([0.5], 8),  # none does: mmdet's
    ],
)
def test_anchors_that_reach_less_are_passed_over(monkeypatch, found, advised):
    # 64 x 64 and 32 x 32 pixels on the grid: scale 8 fits both exactly, 7.9
    # nearly; 16 starts at 64 pixels, and 0.5 ends at 32, where centres are 64
    # apart.
    boxes = np.array([[64, 64, 128, 128], [256, 256, 288, 288]])
    ranked = [AnchorShapes((scale,), (1,)) for scale in found]
    monkeypatch.setattr(anchor_advice, 'rank_anchors', lambda *_: ranked)
    *_, best = advise_anchors(boxes, np.full((2, 2), 800))
    assert best.anchors.scales == (advised,)


def test_never_worse_than_mmdet():
    # Objects that are mmdet's anchors, on its grid: nothing can be better.
    corners = np.arange(0, 640, 64)
    boxes = np.stack((corners, corners, corners + 64, corners + 64), axis=1)
    sizes = np.full((10, 2), 800)
    *_, best = advise_anchors(boxes, sizes)
    assert best.recall == {0.5: 1, 0.7: 1}
    # A single shape cannot fit 1 : 20 and 20 : 1; it is advised all the same.
    thin = np.array([[100, 100, 500, 120], [100, 100, 120, 500]])
    *_, best = advise_anchors(thin, sizes[:2], per_location=1)
    assert best.anchors.per_location == 1


@pytest.mark.parametrize(
    'change, words',
    [
        (lambda c: c.update(annotations=[]), 'hold at least one object'),
        (lambda c: c['images'][0].pop('width'), 'size of every image must'),
        (lambda c: c['annotations'][0].update(image_id=9), 'a known image'),
    ],
)
def test_bad_files(save, change, words):
    content = scene()
    change(content)
    with pytest.raises(ValueError, match=words):
        advise_dataset(save(content))


def test_bad_arguments(save):
    with pytest.raises(ValueError, match='scale must be'):
        advise_dataset(save(scene()), (0, 800))
    with pytest.raises(ValueError, match='anchors must be .*, but got 0'):
        advise_dataset(save(scene()), anchors=0)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        advise_dataset('none.json')
