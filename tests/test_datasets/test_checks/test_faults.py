"""Boxes that cannot be used, by hand and as the data set sees them."""

import numpy as np
import pytest

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.datasets.checks.box_check import check_boxes
from dense_scene.datasets.sku110k.sku110k_dataset import SKU110KDataset
from dense_scene.testing import touching_row


def make_columns(*boxes_of_images, size=(40, 60)) -> AnnotationColumns:
    counts = [len(boxes) for boxes in boxes_of_images]
    boxes = np.array(
        [box for part in boxes_of_images for box in part], np.float32
    ).reshape(-1, 4)
    return AnnotationColumns.from_rows(
        [b'%d.jpg' % i for i in range(len(counts))],
        range(len(counts)),
        np.array([size] * len(counts), np.int32),
        np.repeat(np.arange(len(counts)), counts),
        boxes,
        np.zeros(len(boxes), np.int32),
        np.zeros(len(boxes), bool),
    )


# Images are 60 wide and 40 high.
@pytest.mark.parametrize(
    'box, kind',
    [
        ([0, 0, 60, 40], None),
        ([59, 39, 60, 40], None),  # one pixel
        ([5, 5, 5, 20], 'degenerate'),
        ([5, 5, 5.5, 20], 'degenerate'),
        ([30, 5, 10, 20], 'degenerate'),  # corners the wrong way round
        ([61, 5, 70, 20], 'outside'),
        ([5, -9, 9, 0], 'outside'),  # touches the upper edge from outside
        ([59.5, 5, 70, 20], 'outside'),  # half a pixel is left of it
        ([59, 5, 70, 20], 'reaches_out'),
        ([-1, 5, 70, 20], 'reaches_out'),
    ],
)
def test_one_box(box, kind):
    check = check_boxes(make_columns([box]))
    found = {
        name: getattr(check, name).tolist() == [True]
        for name in ('degenerate', 'outside', 'reaches_out')
    }
    assert found == {name: name == kind for name in found}
    assert check.usable.tolist() == [kind in (None, 'reaches_out')]
    assert check.duplicate.tolist() == [False]


def test_only_later_equals_of_the_same_image_are_duplicates():
    a, b = [0, 0, 9, 9], [0, 0, 9, 8]
    check = check_boxes(make_columns([a, b, a], [a, a, a], [b]))
    assert check.duplicate.tolist() == [
        False,
        False,
        True,
        False,
        True,
        True,
        False,
    ]


def test_no_box_and_600_touching_ones():
    for boxes in (np.zeros((0, 4)), touching_row(600, (1, 2)).numpy()):
        check = check_boxes(make_columns(boxes, size=(2, 600)))
        assert check.usable.all() and len(check.usable) == len(boxes)
        assert not (check.reaches_out.any() or check.duplicate.any())


def test_usable_is_what_the_data_set_keeps(tmp_path):
    # Corners from -20 to 80 in steps of a half: every case many times.
    rng = np.random.default_rng(0)
    boxes = rng.integers(-40, 160, (500, 4)) / 2
    (tmp_path / 'a.csv').write_text(
        ''.join(
            f'a.jpg,{",".join(map(str, box))},object,60,40\n'
            for box in boxes.tolist()
        )
    )
    dataset = SKU110KDataset(ann_file='a.csv', data_root=str(tmp_path))
    check = check_boxes(make_columns(boxes))
    kept = np.clip(boxes[check.usable], 0, [60, 40, 60, 40])
    assert dataset.columns.boxes.tolist() == kept.tolist()
    assert (
        min(
            check.degenerate.sum(),
            check.outside.sum(),
            check.reaches_out.sum(),
            check.usable.sum(),
        )
        > 5
    )
