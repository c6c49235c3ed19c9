"""Groups of boxes, their area and the agglomeration, by hand."""

import numpy as np

from dense_scene.models.post_processing.object_groups import (
    agglomerate,
    count_objects,
    covered_area,
    find_groups,
)
from dense_scene.testing import random_boxes


def test_a_chain_is_a_group_and_labels_part():
    # Each overlaps the next by one pixel; edges that touch do not.
    boxes = np.array([[10.0 * i, 0, 10 * i + 11, 10] for i in range(600)])
    shuffled = np.random.default_rng(0).permutation(600)
    one = np.zeros(600)
    assert not find_groups(boxes[shuffled], one).any()
    boxes[300:] += 1  # the chain parts here
    group = find_groups(boxes[shuffled], one)
    assert np.array_equal(np.unique(group), [0, 1])
    assert len({(g, i < 300) for g, i in zip(group, shuffled)}) == 2
    assert len(np.unique(find_groups(boxes, np.arange(600)))) == 600


def test_area_of_random_boxes_is_that_of_their_pixels(generator):
    boxes = random_boxes(80, (40, 30), generator).round().numpy()
    pixels = np.zeros((30, 40), bool)
    for x1, y1, x2, y2 in boxes.astype(int):
        pixels[y1:y2, x1:x2] = True
    assert covered_area(boxes) == pixels.sum()


def test_covered_area_by_hand():
    # 10 x 10 and 10 x 10 with 5 x 5 in common, and one inside: 175
    boxes = np.array([[0.0, 0, 10, 10], [5, 5, 15, 15], [6, 6, 9, 9]])
    assert covered_area(boxes) == 175
    # Median area 100: 1.75 objects, rounded
    assert count_objects(boxes) == 2


def test_agglomerates_the_nearest_first():
    # 0 and 1 meet at 0.25 (weights 3 : 1), then 10 and 12 at 11
    points = np.array([[0.0, 0], [1, 0], [10, 0], [12, 0], [30, 0]])
    weights = np.array([3.0, 1, 1, 1, 1])
    a, b, c, d, e = agglomerate(points, weights, 3)
    assert a == b and c == d and len({a, c, e}) == 3
    assert agglomerate(points, weights, 5).tolist() == [0, 1, 2, 3, 4]
