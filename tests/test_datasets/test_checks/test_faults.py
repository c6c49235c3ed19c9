"""Boxes that cannot be used, by hand and as the data set sees them."""

import numpy as np
import pytest

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.datasets.checks.check import SplitCheck
from dense_scene.datasets.checks.faults import check_boxes
from dense_scene.datasets.checks.image_record import ImageRecord
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


def usable(columns) -> np.ndarray:
    names = [name.decode() for name in columns.file_names.tolist()]
    records = [ImageRecord(name) for name in names]
    return SplitCheck('train', columns, records).usable_boxes


# Images are 60 wide and 40 high.
@pytest.mark.parametrize(
    'box, kind',
    [
        ([0, 0, 60, 40], None),
        ([59, 39, 60, 40], None),  # one pixel
        ([5, 5, 5, 20], 'degenerate_box'),
        ([5, 5, 5.5, 20], 'degenerate_box'),
        ([30, 5, 10, 20], 'degenerate_box'),  # corners the wrong way round
        ([61, 5, 70, 20], 'box_outside'),
        ([5, -9, 9, 0], 'box_outside'),  # touches the upper edge from outside
        ([59.5, 5, 70, 20], 'box_outside'),  # half a pixel is left of it
        ([59, 5, 70, 20], 'box_reaches_out'),
        ([-1, 5, 70, 20], 'box_reaches_out'),
    ],
)
def test_one_box(box, kind):
    columns = make_columns([box])
    found = [kind for kind, mask in check_boxes(columns).items() if mask[0]]
    assert found == [kind] * (kind is not None)
    kept = kind in (None, 'box_reaches_out')
    assert usable(columns).tolist() == [kept]


def test_only_later_equals_of_the_same_image_are_duplicates():
    a, b = [0, 0, 9, 9], [0, 0, 9, 8]
    masks = check_boxes(make_columns([a, b, a], [a, a, a], [b]))
    assert masks['duplicate_box'].nonzero()[0].tolist() == [2, 4, 5]


def test_no_box_and_600_touching_ones():
    for boxes in (np.zeros((0, 4)), touching_row(600, (1, 2)).numpy()):
        masks = check_boxes(make_columns(boxes, size=(2, 600)))
        assert all(len(mask) == len(boxes) for mask in masks.values())
        assert not any(mask.any() for mask in masks.values())


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
    columns = make_columns(boxes)
    kept = np.clip(boxes[usable(columns)], 0, [60, 40, 60, 40])
    assert dataset.columns.boxes.tolist() == kept.tolist()
    masks = check_boxes(columns)
    assert (
        all(masks[kind].sum() > 5 for kind in list(masks)[:3])
        and len(kept) > 5
    )
