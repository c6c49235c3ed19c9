"""Caps against the number of objects."""

import numpy as np

from dense_scene.utils.object_counts import needed_cap, recall_bound


def test_recall_bound_by_hand():
    counts = np.array([0, 50, 100, 150])
    assert recall_bound(counts, 100) == (50 + 100 + 100) / 300
    assert recall_bound(counts, 1) == 3 / 300
    assert recall_bound(counts, 150) == 1
    assert recall_bound(counts[:1], 5) == 1  # no object is missed
    assert recall_bound(counts[:0], 5) == 1


def test_recall_bound_of_images_and_classes():
    assert recall_bound(np.array([[3, 1], [0, 2]]), 2) == 5 / 6


def test_needed_cap_by_hand():
    # 995 of 1000 images hold at most 994 objects; 99.5 % of them.
    assert needed_cap(np.arange(1000)) == 994
    assert needed_cap(np.array([7])) == 7
    assert needed_cap(np.array([1, 2, 3, 4]), 50) == 2
    assert needed_cap(np.array([])) == 0
