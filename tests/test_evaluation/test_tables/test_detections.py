"""Detections in columns."""

import json

import numpy as np
import pytest

from dense_scene.evaluation.tables.detections import Detections
from dense_scene.utils.ids import number_id
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    random_scene,
    read_truth,
)

TRUTH = read_truth(coco_dict(grid(2)))


def make(image_ids=(1,), boxes=((0, 0, 2, 3),), scores=(0.5,), labels=(0,)):
    return Detections(image_ids, boxes, scores, labels)


def test_coco_file_and_list_give_the_same_columns(tmp_path):
    truth, found = random_scene(1)
    truth = read_truth(truth)
    path = tmp_path / 'found.json'
    path.write_text(json.dumps(found))
    from_file = Detections.from_coco(path, truth)
    from_list = Detections.from_coco(found, truth)
    for detections in (from_file, from_list):
        assert detections.xywh.tolist() == [item['bbox'] for item in found]
        assert detections.scores.tolist() == [item['score'] for item in found]
        assert detections.image_ids.tolist() == [
            item['image_id'] for item in found
        ]
        assert detections.labels.tolist() == [
            [2, 5].index(item['category_id']) for item in found
        ]


def test_float32_boxes_are_measured_exactly():
    # As mmdet's CocoMetric: the float32 corners, subtracted as float64.
    boxes = np.random.default_rng(0).random((600, 4)).astype(np.float32) * 3000
    xywh = make([1] * 600, boxes, [1] * 600, [0] * 600).xywh
    for box, (x, y, w, h) in zip(boxes.tolist(), xywh.tolist()):
        assert (x, y, w, h) == (
            box[0],
            box[1],
            box[2] - box[0],
            box[3] - box[1],
        )


def test_groups_and_rows():
    detections = make([7, 3, 7], grid(3), [0.1, 0.2, 0.3], [0, 0, 0])
    groups = detections.group(np.array([3, 5, 7]))
    assert [rows.tolist() for rows in groups] == [[1], [], [0, 2]]
    assert detections.take(np.array([2, 0])).scores.tolist() == [0.3, 0.1]


def test_drop_nan_counts():
    boxes = np.array(
        [[0, 0, 1, 1], [0, 0, np.nan, 1], [0, 0, 1, np.inf], [0, 0, 1, 1]]
    )
    detections = make([1] * 4, boxes, [0.1, 0.2, 0.3, np.nan], [0] * 4)
    kept, dropped = detections.drop_nan()
    assert (kept.scores.tolist(), dropped) == ([0.1], 3)
    kept.validate(TRUTH)


def test_valid_edges():
    # No box, an empty box, and a score that rounding took over 1.
    make([], np.zeros((0, 4)), [], []).validate(TRUTH)
    make(boxes=[[4, 4, 4, 4]]).validate(TRUTH)
    make(scores=[1 + 1e-7]).validate(TRUTH)


@pytest.mark.parametrize(
    'columns, words',
    [
        (
            dict(image_ids=[2]),
            'belong to an image of the ground truth, but 1 of 1 '
            'do not; the first: image 2',
        ),
        (dict(labels=[1]), 'have one of the 1 classes of the ground truth'),
        (dict(labels=[-1]), 'have one of the 1 classes'),
        (dict(boxes=[[0, np.nan, 1, 1]]), 'without NaN .*drop_nan'),
        (dict(boxes=[[9, 0, 1, 1]]), 'x1 <= x2 and y1 <= y2'),
        (dict(scores=[1.1]), 'a score from 0 to 1'),
        (dict(scores=[-0.1]), 'a score from 0 to 1'),
        (dict(scores=[np.nan]), 'a score from 0 to 1'),
    ],
)
def test_invalid_columns(columns, words):
    with pytest.raises(ValueError, match=words):
        make(**columns).validate(TRUTH)


def test_columns_of_different_length():
    with pytest.raises(ValueError, match="must have one length.*'scores': 2"):
        make(scores=[0.1, 0.2])


def test_unknown_category():
    found = coco_results(grid(1), [1])
    found[0]['category_id'] = 8
    with pytest.raises(ValueError, match=r'one of the ground truth, \[1\].*8'):
        Detections.from_coco(found, TRUTH)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match='does not exist'):
        Detections.from_coco(tmp_path / 'none.json', TRUTH)
    path = tmp_path / 'found.json'
    for text, words in (
        ('[{', 'breaks off'),
        ('{}', 'must be array, but got object'),
        ('[{"bbox": [1]}]', 'bbox must be array of length 4'),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=words):
            Detections.from_coco(path, TRUTH)


def test_results_that_name_images_by_their_stems(tmp_path):
    truth = read_truth(
        {
            **coco_dict(grid(1)),
            'images': [
                dict(id=1, file_name='a/b.jpg', width=99, height=99),
                dict(id=2, file_name='c.jpg', width=99, height=99),
            ],
        }
    )
    found = coco_results(grid(2), [0.5, 0.25])
    for item, name in zip(found, ('c', 'b')):
        item['image_id'] = name
    assert Detections.from_coco(found, truth).image_ids.tolist() == [2, 1]
    found[0]['image_id'] = 1  # an id: then the other is none either
    ids = Detections.from_coco(found, truth).image_ids.tolist()
    assert ids == [1, number_id('b')]


@pytest.mark.parametrize(
    'content, words',
    [
        (dict(labels=[], scores=[], bboxes=[]), 'of DetInferencer'),
        (dict(images=[], annotations=[], categories=[]), 'a ground truth'),
        (
            [dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4])],
            'lacks score: it has image_id, cat',
        ),
        ([dict(data={}, annotations=[])], 'Label Studio'),
    ],
)
def test_other_json_is_recognized(tmp_path, content, words):
    path = tmp_path / 'found.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'found.json must be .*{words}'):
        Detections.from_coco(path, TRUTH)
