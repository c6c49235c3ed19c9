"""Annotations in columns."""

import json

import numpy as np
import pytest

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from dense_scene.utils.ids import number_id
from tests.test_evaluation.scenes import (
    coco_dict,
    grid,
    make_truth,
    random_scene,
    read_truth,
)


def make(
    image_ids=(1,), boxes=((0, 0, 2, 3),), labels=(0,), ids=(1,), **columns
):
    return make_truth(ids, image_ids, boxes, labels, ('a', 'b'), **columns)


def test_coco_file_by_image():
    content, _ = random_scene(3)
    content['annotations'][0]['ignore'] = 1
    truth = read_truth(content)
    ids = [image['id'] for image in content['images']]
    # Objects of an image lie together, images and objects as in the file.
    annotations = sorted(
        content['annotations'], key=lambda item: ids.index(item['image_id'])
    )
    assert truth.image_ids.tolist() == [a['image_id'] for a in annotations]
    assert truth.xywh.tolist() == [item['bbox'] for item in annotations]
    assert truth.areas.tolist() == [item['area'] for item in annotations]
    assert truth.iscrowd.tolist() == [bool(a['iscrowd']) for a in annotations]
    assert truth.ignore.tolist() == ['ignore' in item for item in annotations]
    assert truth.labels.tolist() == [
        [2, 5].index(item['category_id']) for item in annotations
    ]
    assert truth.classes == ('class 0', 'class 1')
    assert truth.category_ids.tolist() == [2, 5]
    assert truth.columns.image_ids.tolist() == ids
    assert truth.columns.sizes.tolist() == [[400, 500]] * 4
    assert truth.file_names == [
        item['file_name'] for item in content['images']
    ]


def test_boxes_are_corners():
    truth = read_truth(coco_dict(np.array([[1, 2, 30, 40]])))
    assert truth.boxes.tolist() == [[1, 2, 31, 42]]


def test_labels_follow_the_given_classes_and_not_the_file():
    content, _ = random_scene(0, num_classes=3, num_images=1)
    order = ['class 2', 'new', 'class 0', 'class 1']
    truth = read_truth(content, order)
    assert truth.classes == tuple(order)
    # The categories are 2, 5 and 8; the file has none for the second class.
    assert truth.category_ids.tolist() == [8, -2, 2, 5]
    assert truth.labels.tolist() == [
        {8: 0, 2: 2, 5: 3}[item['category_id']]
        for item in content['annotations']
    ]


def test_objects_of_other_classes_are_left_out():
    content, _ = random_scene(0, num_classes=3, num_images=1)
    truth = read_truth(content, ['class 2'])
    of = [item['category_id'] for item in content['annotations']]
    assert len(truth) == of.count(8) < len(of)
    assert truth.labels.tolist() == [0] * len(truth)


def test_defaults_are_computed():
    truth = make(boxes=[[1, 1, 4, 7]])
    assert truth.areas.tolist() == [18]  # 3 * 6
    assert truth.iscrowd.tolist() == [False]
    assert truth.category_ids.tolist() == [0, 1]


def test_columns_of_a_data_set():
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
    assert truth.columns.image_ids.tolist() == [4, 2]
    assert truth.file_names == ['a.jpg', 'b.jpg']
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
    assert [rows.tolist() for rows in truth.group()] == [[0], [], [1, 2, 3]]
    assert truth.counts().tolist() == [1, 0, 2]  # not the crowd
    assert truth.counts(by_class=True).tolist() == [[0, 1], [0, 0], [1, 1]]
    part = truth.subset([7, 9])
    assert part.columns.image_ids.tolist() == [9, 7]
    assert part.labels.tolist() == [0, 1, 0]
    assert part.xywh.tolist() == truth.xywh[1:].tolist()


def test_nothing_is_valid():
    truth = make([], np.zeros((0, 4)), [], [])
    truth.validate()
    assert len(truth) == 0 and truth.counts().tolist() == []


@pytest.mark.parametrize(
    'columns, words',
    [
        (dict(ids=[1, 2, 2]), 'must be unique, but 1 .* 2 among'),
        (dict(labels=[2]), 'one of 2 classes'),
        (dict(boxes=[[5, 0, 2, 3]]), 'x1 <= x2'),
        (dict(boxes=[[0, 0, float('nan'), 3]]), 'no NaN'),
    ],
)
def test_invalid_columns(columns, words):
    with pytest.raises(ValueError, match=words):
        make(**columns).validate()


def test_text_as_image_id():
    truth = make(ids=['a'], image_ids=['a'])
    assert truth.columns.image_ids.tolist() == [number_id('a')]


def test_names_that_differ():
    with pytest.raises(ValueError, match=r"lacks \['can'\]; it has \['object"):
        read_truth(coco_dict(grid(1)), ['can'])
    # No object of the file is lost, so that nothing can be wrong.
    truth = read_truth(coco_dict(grid(1)), ['can', 'object'])
    assert truth.labels.tolist() == [1]


def test_a_category_that_only_groups_others_is_no_class():
    content = coco_dict(grid(2))
    content['categories'] = [
        dict(id=0, name='things', supercategory='none'),
        dict(id=1, name='object', supercategory='things'),
    ]
    truth = read_truth(content)
    assert truth.classes == ('object',)
    assert truth.category_ids.tolist() == [1]
    # With an object it is a class like others.
    content['annotations'][0]['category_id'] = 0
    assert read_truth(content).classes == ('things', 'object')


def test_object_of_no_image():
    with pytest.raises(
        ValueError, match='annotation 2, image_id .* known image, but got 4'
    ):
        read_truth(coco_dict(grid(3), image_id=[1, 4, 1]))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.json' does not exist"):
        GroundTruth.from_coco(tmp_path / 'none.json')
    (tmp_path / 'cut.json').write_text('{"images": [')
    with pytest.raises(ValueError, match='must be a COCO JSON file'):
        GroundTruth.from_coco(str(tmp_path / 'cut.json'))


@pytest.mark.parametrize(
    'content',
    [
        dict(images=[], annotations=[]),
        dict(images=[], categories=[], annotations=[dict(bbox=[1, 2, 3])]),
        dict(images=[], categories=[], annotations=[dict(bbox=[1, 2, 3, 4])]),
    ],
)
def test_file_that_is_not_coco(tmp_path, content):
    (tmp_path / 'truth.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match='truth.json.* must'):
        GroundTruth.from_coco(tmp_path / 'truth.json')
