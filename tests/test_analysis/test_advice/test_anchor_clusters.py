"""Anchors fitted to objects, against an exhaustive search."""

from itertools import product

import numpy as np
import pytest

from dense_scene.analysis.advice import anchor_clusters
from dense_scene.analysis.advice.anchor_clusters import rank_anchors
from dense_scene.analysis.advice.anchor_recall import (
    AnchorShapes,
    best_anchor_iou,
)


def place(sizes, seed=0):
    """Boxes of these sizes (width, height) anywhere in 800 x 800 pixels."""
    sizes = np.asarray(sizes, float)
    corner = np.random.default_rng(seed).uniform(0, 800 - sizes)
    return np.hstack((corner, corner + sizes)), np.full((len(sizes), 2), 800)


def wanted(boxes, image_sizes, anchors):
    iou, _ = best_anchor_iou(boxes, image_sizes, anchors)
    return (iou >= 0.5).mean() + (iou >= 0.7).mean()


def test_as_good_as_an_exhaustive_search():
    logs = np.random.default_rng(1).normal(size=(300, 2)) * 0.3
    objects = place(np.exp(logs) * [40, 70])
    found = rank_anchors(*objects, per_location=1)[0]
    grid = (
        AnchorShapes((scale,), (ratio,))
        for scale, ratio in product(
            2 ** np.arange(0, 4, 0.25), 2 ** np.arange(-1, 2.1, 0.25)
        )
    )
    assert wanted(*objects, found) >= max(
        wanted(*objects, anchors) for anchors in grid
    )


def test_the_climb_goes_on_from_the_clusters(monkeypatch):
    gains = []
    for seed in range(4):
        logs = np.random.default_rng(seed).normal(size=(200, 2)) * 0.3
        objects = place(np.exp(logs) * [40, 70])
        climbed = wanted(*objects, rank_anchors(*objects, 1)[0])
        with monkeypatch.context() as without:
            without.setattr(anchor_clusters, '_STEPS', ())
            gains.append(
                climbed - wanted(*objects, rank_anchors(*objects, 1)[0])
            )
    assert min(gains) >= 0 and max(gains) > 0


def test_finds_two_kinds_of_objects():
    # Wide and tall ones of equal area: one scale, and ratios 1/4 and 4.
    objects = place([[80, 20], [20, 80]] * 100)
    best = rank_anchors(*objects, per_location=2)[0]
    assert len(best.scales) == 1
    np.testing.assert_allclose(best.ratios, [0.25, 4], rtol=0.25)
    # One ratio could not do both: the square of that area has 20 x 40 pixels
    # in common with either, an IoU of 800 / (3200 - 800).
    assert wanted(*objects, best) > 1


def test_number_and_kinds_of_anchors():
    objects = place(np.random.default_rng(2).uniform(10, 90, (60, 2)))
    ranked = rank_anchors(*objects, 4, (8, 16, 32))
    # 4 = 1 x 4 = 2 x 2 = 4 x 1, the best first.
    assert sorted(len(one.scales) for one in ranked) == [1, 2, 4]
    assert all(one.per_location == 4 for one in ranked)
    assert all(one.strides == (8, 16, 32) for one in ranked)
    scores = [wanted(*objects, one) for one in ranked]
    assert scores == sorted(scores, reverse=True)
    for one in ranked:
        assert list(one.ratios) == sorted(one.ratios)
        # Scales divide an octave evenly, but for the rounding.
        np.testing.assert_allclose(
            np.divide(one.scales, one.scales[0]),
            2 ** (np.arange(len(one.scales)) / len(one.scales)),
            rtol=0.1,
        )


def test_order_of_objects_does_not_matter():
    boxes, sizes = place(np.random.default_rng(3).uniform(10, 90, (60, 2)))
    order = np.random.default_rng(4).permutation(60)
    assert rank_anchors(boxes[order], sizes) == rank_anchors(boxes, sizes)


def test_one_object_and_objects_without_area():
    box = np.array([[100, 100, 130, 160]])
    assert wanted(box, [[800, 800]], rank_anchors(box, [[800, 800]])[0]) == 2
    assert rank_anchors(np.zeros((2, 4)), [[800, 800]] * 2)[0].scales


def test_bad_input():
    boxes, sizes = place([[20, 20]])
    with pytest.raises(ValueError, match='anchors must be .*, but got 0'):
        rank_anchors(boxes, sizes, 0)
