"""Columns hold, give back and cut the boxes of each image."""

import copy

import numpy as np
import pytest
import torch

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.testing import touching_row


def make_columns(
    counts: list[int], order: np.ndarray | None = None
) -> AnnotationColumns:
    """Image i has counts[i] boxes; box n of all has the label n."""
    image_of_box = np.repeat(np.arange(len(counts)), counts)
    n = len(image_of_box)
    labels = np.arange(n, dtype=np.int32)
    boxes = touching_row(n).numpy()
    order = np.arange(n) if order is None else order
    return AnnotationColumns.from_rows(
        [b'%d.jpg' % i for i in range(len(counts))],
        [10 * i for i in range(len(counts))],
        np.tile(np.int32([20, 30]), (len(counts), 1)),
        image_of_box[order],
        boxes[order],
        labels[order],
        labels[order] % 2 == 1,
    )


def labels_of(columns: AnnotationColumns) -> list[list[int]]:
    return [
        columns.labels[columns.rows(i)].tolist() for i in range(len(columns))
    ]


def test_boxes_of_an_image_lie_together_in_file_order():
    columns = make_columns([2, 0, 3], order=np.array([4, 0, 2, 1, 3]))
    assert labels_of(columns) == [[0, 1], [], [4, 2, 3]]
    assert columns.counts.tolist() == [2, 0, 3]
    # Box 4 of the row begins at 4 * 10.
    assert columns.boxes[2].tolist() == [40, 0, 50, 20]


def test_instances_are_plain_values():
    columns = make_columns([1, 2])
    assert columns.instances(1) == [
        dict(ignore_flag=1, bbox=[10, 0, 20, 20], bbox_label=1),
        dict(ignore_flag=0, bbox=[20, 0, 30, 20], bbox_label=2),
    ]
    assert all(
        type(value) in (int, list)
        for value in columns.instances(1)[0].values()
    )


@pytest.mark.parametrize(
    'images, expected',
    [
        ([2, 0], [[2, 3, 4], [0, 1]]),
        ([-1], [[2, 3, 4]]),
        ([0, 0], [[0, 1], [0, 1]]),
        ([1], [[]]),
        (np.array([False, True, True]), [[], [2, 3, 4]]),
        (np.zeros(0, int), []),
    ],
)
def test_take(images, expected):
    taken = make_columns([2, 0, 3]).take(images)
    assert labels_of(taken) == expected
    assert len(taken.boxes) == len(taken.ignored) == sum(map(len, expected))


def test_take_keeps_names_ids_and_sizes_beside_their_boxes():
    taken = make_columns([1, 1, 1]).take([2, 1])
    assert taken.file_names.tolist() == [b'2.jpg', b'1.jpg']
    assert taken.image_ids.tolist() == [20, 10]


def test_keep_boxes():
    columns = make_columns([2, 0, 3])
    keep = np.array([False, True, False, False, True])
    assert labels_of(columns.keep_boxes(keep)) == [[1], [], [4]]
    assert labels_of(columns.keep_boxes(np.zeros(5, bool))) == [[], [], []]
    assert columns.keep_boxes(np.ones(5, bool)) is columns


@pytest.mark.parametrize('counts', [[], [0], [1], [600], [0, 600, 0]])
def test_sizes_of_data_sets(counts):
    columns = make_columns(counts)
    assert len(columns) == len(counts)
    assert [len(labels) for labels in labels_of(columns)] == counts
    assert columns.boxes.shape == (sum(counts), 4)


def test_no_such_image():
    columns = make_columns([1, 1])
    assert columns.rows(-1) == slice(1, 2)
    with pytest.raises(IndexError):
        columns.rows(2)
    with pytest.raises(IndexError):
        columns.instances(-3)


def test_columns_cannot_be_changed_and_so_are_shared():
    columns = make_columns([1])
    with pytest.raises(ValueError, match='read-only'):
        columns.boxes[0, 0] = 1
    assert copy.deepcopy(columns) is columns
    assert torch.as_tensor(columns.boxes.copy()).dtype == torch.float32
