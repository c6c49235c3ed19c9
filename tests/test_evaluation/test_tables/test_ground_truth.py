"""Annotations in columns."""

import json

import numpy as np
import pytest

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from dense_scene.evaluation.tables.image_table import ImageTable
from tests.test_evaluation.scenes import coco_dict, grid, random_scene

COLUMNS = (
    'image_ids',
    'boxes',
    'xywh',
    'labels',
    'areas',
    'iscrowd',
    'ignore',
    'category_ids',
)


def make(
    image_ids=(1,), boxes=((0, 0, 2, 3),), labels=(0,), ids=(1,), **columns
):
    images = ImageTable(ids, [9] * len(ids), [8] * len(ids))
    return GroundTruth(images, ('a', 'b'), image_ids, boxes, labels, **columns)


def test_coco_file_and_dict_give_the_same_columns(tmp_path):
    content, _ = random_scene(3)
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps(content))
    from_file = GroundTruth.from_coco(path)
    from_dict = GroundTruth.from_coco(content)
    annotations = content['annotations']
    for truth in (from_file, from_dict):
        assert truth.xywh.tolist() == [item['bbox'] for item in annotations]
        assert truth.areas.tolist() == [item['area'] for item in annotations]
        assert truth.classes == ('class 0', 'class 1')
        assert truth.category_ids.tolist() == [2, 5]
        assert truth.images.widths.tolist() == [500] * 4
        assert truth.images.heights.tolist() == [400] * 4
        assert truth.images.file_names.tolist() == [
            item['file_name'] for item in content['images']
        ]
    for name in COLUMNS:
        np.testing.assert_array_equal(
            getattr(from_file, name), getattr(from_dict, name)
        )


def test_boxes_are_corners():
    truth = GroundTruth.from_coco(coco_dict(np.array([[1, 2, 30, 40]])))
    assert truth.boxes.tolist() == [[1, 2, 31, 42]]


def test_classes_follow_the_file_as_in_mmdet():
    content, _ = random_scene(0, num_classes=3)
    truth = GroundTruth.from_coco(content, ['class 2', 'class 0'])
    assert truth.classes == ('class 0', 'class 2')
    assert truth.category_ids.tolist() == [2, 8]
    kept = [
        item for item in content['annotations'] if item['category_id'] != 5
    ]
    assert truth.labels.tolist() == [
        [2, 8].index(item['category_id']) for item in kept
    ]


def test_defaults_are_computed():
    truth = make(boxes=[[1, 1, 4, 7]])
    assert truth.areas.tolist() == [18]  # 3 * 6
    assert truth.iscrowd.tolist() == [False]
    assert truth.category_ids.tolist() == [0, 1]


def test_from_columns_of_a_data_set():
    columns = AnnotationColumns.from_rows(
        [b'a.jpg', b'b.jpg'],
        [4, 2],
        np.array([[10, 20], [30, 40]], np.int32),
        np.array([1, 1, 0]),
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.array([0, 1, 0]),
        np.array([False, True, False]),
    )
    truth = GroundTruth.from_columns(columns, ('a', 'b'))
    assert truth.images.ids.tolist() == [4, 2]
    assert truth.images.widths.tolist() == [20, 40]
    assert truth.images.file_names.tolist() == ['a.jpg', 'b.jpg']
    assert truth.image_ids.tolist() == [4, 2, 2]
    assert truth.boxes[0].tolist() == [8, 9, 10, 11]
    assert truth.iscrowd.tolist() == [False, False, True]


def test_groups_counts_and_subsets():
    truth = make(
        image_ids=[7, 3, 7, 7],
        boxes=grid(4),
        labels=[0, 1, 1, 0],
        ids=[3, 9, 7],
        iscrowd=[0, 0, 0, 1],
    )
    assert [rows.tolist() for rows in truth.group()] == [[1], [], [0, 2, 3]]
    assert truth.counts().tolist() == [1, 0, 2]  # not the crowd
    assert truth.counts(by_class=True).tolist() == [[0, 1], [0, 0], [1, 1]]
    part = truth.subset([7, 9])
    assert part.images.ids.tolist() == [9, 7]
    assert part.labels.tolist() == [0, 1, 0]
    assert part.xywh.tolist() == truth.xywh[[0, 2, 3]].tolist()


def test_nothing_is_valid():
    truth = make([], np.zeros((0, 4)), [], [])
    truth.validate()
    assert len(truth) == 0 and truth.counts().tolist() == []


@pytest.mark.parametrize(
    'columns, words',
    [
        (dict(ids=[1, 2, 2]), 'id of its own, but 1 ids .* 2 among'),
        (dict(image_ids=[4]), 'belong to a listed image, but 1 of 1'),
        (dict(labels=[2]), 'one of 2 classes'),
        (dict(boxes=[[5, 0, 2, 3]]), 'x1 <= x2'),
        (dict(boxes=[[0, 0, float('nan'), 3]]), 'no NaN'),
    ],
)
def test_invalid_columns(columns, words):
    with pytest.raises(ValueError, match=words):
        make(**columns).validate()


def test_text_as_image_id():
    with pytest.raises(ValueError, match="image ids must be integers.*'a'"):
        make(ids=['a'])


def test_missing_class():
    with pytest.raises(ValueError, match=r"lacks \['can'\]; it has "):
        GroundTruth.from_coco(coco_dict(grid(1)), ['object', 'can'])


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.json' does not exist"):
        GroundTruth.from_coco(tmp_path / 'none.json')
    (tmp_path / 'cut.json').write_text('{"images": [')
    with pytest.raises(ValueError, match='must be a COCO JSON file'):
        GroundTruth.from_coco(str(tmp_path / 'cut.json'))


@pytest.mark.parametrize(
    'content',
    [
        dict(images=[], categories=[]),
        dict(images=[], categories=[], annotations=[dict(bbox=[1, 2, 3])]),
        dict(images=[], categories=[], annotations=[dict(bbox=[1, 2, 3, 4])]),
    ],
)
def test_dict_that_is_not_coco(content):
    with pytest.raises(ValueError, match='ground truth'):
        GroundTruth.from_coco(content)
