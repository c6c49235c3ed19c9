"""NMS of stored detections."""

import numpy as np
import pytest

from dense_scene.evaluation.stored.suppress import suppress
from dense_scene.evaluation.tables.detections import Detections


def rows(count, step, score=None):
    """10 x 10 boxes in a row; best first unless scores are given."""
    x = np.arange(count)[:, None] * step
    boxes = np.hstack((x, x * 0, x + 10, x * 0 + 10))
    scores = np.linspace(0.9, 0.1, count) if score is None else score
    return boxes, scores


def test_by_hand():
    # Steps of 5 give IoU 50 / 150 = 1/3 with the next box and 0 with the one
    # after it, so that every second box is dropped, unless 1/3 is allowed.
    boxes, scores = rows(5, 5.0)
    found = Detections([1] * 5, boxes, scores, [0] * 5)
    assert suppress(found, 0.3).scores.tolist() == scores[::2].tolist()
    assert len(suppress(found, 0.34)) == 5


def test_order_and_score_decide():
    boxes, _ = rows(3, 5.0)
    found = Detections([1] * 3, boxes, [0.2, 0.9, 0.3], [0] * 3)
    assert suppress(found, 0.3).scores.tolist() == [0.9]
    found = Detections([1] * 3, boxes, [0.3, 0.2, 0.9], [0] * 3)
    assert suppress(found, 0.3).scores.tolist() == [0.3, 0.9]  # as given


def test_images_and_classes_do_not_suppress_each_other():
    boxes, scores = rows(4, 0.0)
    found = Detections([7, 7, 3, 3], boxes, scores, [0, 1, 0, 0])
    kept = suppress(found, 0.5)
    assert kept.image_ids.tolist() == [7, 7, 3]
    assert kept.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize('count', [0, 1, 600])
def test_touching_boxes_all_stay(count):
    boxes, scores = rows(count, 10.0)
    found = Detections([1] * count, boxes, scores, [0] * count)
    assert len(suppress(found, 0)) == count


@pytest.mark.parametrize('iou_thr', [-0.1, 1.5, float('nan')])
def test_bad_threshold(iou_thr):
    found = Detections([], np.zeros((0, 4)), [], [])
    with pytest.raises(ValueError, match='NMS threshold must be from 0 to 1'):
        suppress(found, iou_thr)
