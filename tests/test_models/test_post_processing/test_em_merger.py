"""EM-Merger against plain loops, by hand, and at its edges."""

import numpy as np
import pytest
import torch

from dense_scene.models.post_processing.em_merger import em_merger
from dense_scene.testing import touching_row

from . import em_reference


def _crowd(seed: int, rows: int, columns: int, each: int, spread: float):
    """Jittered detections of a shelf, and their Soft-IoU."""
    rng = np.random.default_rng(seed)
    objects = np.concatenate(
        [
            touching_row(columns, (20, 32), (5, 5 + 35 * row)).double().numpy()
            for row in range(rows)
        ]
    )
    boxes = np.repeat(objects, each, axis=0)
    boxes = boxes + rng.normal(0, spread, boxes.shape)
    return torch.from_numpy(boxes), torch.from_numpy(
        rng.uniform(0.1, 1, len(boxes))
    )


# From apart to so jittered that groups hold several objects and EM has
# several rounds to go.
@pytest.mark.parametrize('spread', [0.5, 3.0, 5.0])
@pytest.mark.parametrize('seed', [0, 1])
def test_equals_the_loops(spread, seed):
    boxes, weights = _crowd(seed, 2, 5, 8, spread)
    merged, best = em_merger(boxes, weights)
    expected, expected_best = em_reference.merge(boxes, weights)
    assert best.tolist() == expected_best.tolist()
    np.testing.assert_allclose(merged.numpy(), expected, atol=1e-9)


def test_duplicates_of_one_object_by_hand():
    # Centers 10, 11, 12 and sides 20, 22, 24: the medians are 11 and 22.
    boxes = torch.tensor(
        [[0.0, 0, 20, 20], [0, 0, 22, 22], [0, 0, 24, 24]], dtype=torch.float64
    )
    merged, best = em_merger(boxes, torch.tensor([0.5, 0.2, 0.9]))
    assert merged.tolist() == [[0, 0, 22, 22]]
    assert best.tolist() == [2]  # the highest Soft-IoU


def test_finds_each_of_600_touching_objects():
    objects = torch.cat(
        [touching_row(30, (12, 20), (0, 20 * row)) for row in range(20)]
    )
    boxes = objects.repeat(3, 1)
    merged, best = em_merger(boxes, torch.linspace(0.1, 1, 1800))
    assert len(merged) == 600
    # Three equal detections give themselves, and the best is of the last 600.
    assert torch.equal(merged, boxes[best])
    assert best.tolist() == list(range(1799, 1199, -1))


@pytest.mark.parametrize('num', [0, 1])
def test_no_detection_and_one(num):
    boxes = torch.tensor([[3.0, 4, 10, 20]])[:num]
    merged, best = em_merger(boxes, torch.ones(num))
    assert torch.equal(merged, boxes) and best.tolist() == list(range(num))


def test_labels_do_not_meet():
    boxes = torch.tensor([[0.0, 0, 10, 10]]).repeat(4, 1)
    labels = torch.tensor([0, 1, 1, 0])
    scores = torch.tensor([0.1, 0.2, 0.4, 0.3])
    merged, best = em_merger(boxes, torch.ones(4), labels, scores)
    assert best.tolist() == [2, 3]
    assert torch.equal(merged, boxes[:2])


def test_boxes_without_area_and_weights_of_zero():
    boxes = torch.tensor(
        [[5.0, 5, 5, 9], [0, 0, torch.nan, 1], [0, 0, 10, 10], [0, 0, 10, 10]]
    )
    merged, best = em_merger(boxes, torch.zeros(4))
    assert merged.tolist() == [[0, 0, 10, 10]] and best.tolist() == [2]
