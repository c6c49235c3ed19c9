"""Detections that were written in another way than they are read."""

import json

import numpy as np
import pytest

from dense_scene.evaluation.tables import contradictions
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from tests.test_evaluation.scenes import coco_dict, coco_results, grid

# All of an image of 2,000 x 2,000, 40 pixels wide and high.
BOXES = grid(2500, columns=50)


@pytest.fixture
def truth(tmp_path):
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps(coco_dict(BOXES)))
    return GroundTruth.from_coco(path)


@pytest.fixture
def warned(monkeypatch, truth):
    """What is said of these xywh boxes."""

    def _warned(boxes):
        said = []
        monkeypatch.setattr(
            contradictions, 'print_log', lambda line, *_: said.append(line)
        )
        found = coco_results(boxes, np.full(len(boxes), 0.5))
        found = Detections.from_coco(found, truth)
        contradictions.warn_of_detections(found, truth, 'a/found.json')
        return said

    return _warned


def test_corners_read_as_sizes(warned):
    corners = np.hstack((BOXES[:, :2], BOXES[:, :2] + 40))
    (line,) = warned(corners)
    assert line.startswith('found.json: ') and 'reach out' in line
    assert line.endswith('read as x1, y1, x2, y2, not as x, y, width, height.')


def test_fractions(warned):
    (line,) = warned(BOXES / 2000)
    assert 'fractions of the image' in line


def test_a_detector_that_does_not_clip(warned):
    # 150 of 2,500 boxes, less than a tenth, stand out by 5 pixels.
    boxes = BOXES.copy()
    boxes[:150, 1] -= 5
    boxes[:150, 0] -= 45
    out = (boxes[:, :2] < -1).any(axis=1).sum()
    assert 0 < out < 250
    assert warned(boxes) == warned(BOXES) == warned(BOXES[:0]) == []


@pytest.mark.parametrize('text', ['[' * 10**5, '[{"bbox": ' + '[' * 10**5])
def test_a_file_without_end_is_refused_in_a_line(tmp_path, truth, text):
    path = tmp_path / 'found.json'
    path.write_text(text)
    with pytest.raises(ValueError, match='must be a JSON list of results'):
        Detections.from_coco(path, truth)


@pytest.mark.parametrize(
    'name, other, words',
    [
        ('score', 'confidence', 'its first entry lacks score: it has image_'),
        ('category_id', 'category', 'lacks category_id: it has'),
        ('score', 'area', 'holds annotations without scores'),
    ],
)
def test_a_field_of_another_name(tmp_path, truth, name, other, words):
    (item,) = coco_results(grid(1), [0.5])
    item[other] = item.pop(name)
    path = tmp_path / 'found.json'
    path.write_text(json.dumps([item]))
    with pytest.raises(ValueError, match=words):
        Detections.from_coco(path, truth)
