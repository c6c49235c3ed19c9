"""The best anchor of a grid, against every anchor of mmdet's."""

import numpy as np
import pytest
import torch
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmdet.models.task_modules.prior_generators.utils import (
    anchor_inside_flags,
)
from mmdet.structures.bbox import bbox_overlaps

from dense_scene.analysis.advice import anchor_recall
from dense_scene.analysis.advice.anchor_recall import (
    AnchorShapes,
    best_anchor_iou,
)
from dense_scene.testing import random_boxes

SHAPES = AnchorShapes((3, 4.5), (0.5, 1.0, 2.2))
SQUARE = AnchorShapes((8,), (1,), (4,))  # 32 x 32 pixels, every 4 pixels


def every_anchor(size, shapes, border):
    """mmdet's anchors of one image, (N, 4) xyxy, float64."""
    generator = AnchorGenerator(
        list(shapes.strides), list(shapes.ratios), list(shapes.scales)
    )
    maps = []
    for stride in shapes.strides:
        # Padded to 32, then halved by layers that round up, from the stem on.
        map_size = [-(-side // 32) * 32 for side in size]
        for _ in range(int(np.log2(stride))):
            map_size = [(side + 1) // 2 for side in map_size]
        maps.append(map_size)
    priors = torch.cat(
        generator.grid_priors(maps, dtype=torch.float64, device='cpu')
    )
    inside = anchor_inside_flags(
        priors, torch.ones(len(priors), dtype=torch.bool), size, border
    )
    return priors[inside]


@pytest.mark.parametrize('border', [-1, 0, 5])
@pytest.mark.parametrize('size', [(64, 96), (75, 41), (130, 203)])
def test_equals_the_best_of_all_of_mmdet(size, border, generator):
    boxes = random_boxes(
        200, (size[1], size[0]), generator=generator, dtype=torch.float64
    )
    # Sizes of objects, not only of halves of the image.
    boxes[100:, 2:] = boxes[100:, :2] + boxes[100:, 2:] % 30
    boxes[:20, :2] -= 15  # reaching out of the image
    priors = every_anchor(size, SHAPES, border)
    iou, _ = best_anchor_iou(
        boxes.numpy(), np.tile(size, (200, 1)), SHAPES, border
    )
    expected = bbox_overlaps(boxes, priors).max(dim=1).values
    # mmdet makes the anchors in float32.
    np.testing.assert_allclose(iou, expected.numpy(), atol=1e-5)


def test_names_the_shape():
    sizes = SHAPES.sizes().reshape(-1, 2)
    # Boxes that are an anchor each, around a location of every level.
    boxes = np.hstack((192 - sizes / 2, 192 + sizes / 2))
    iou, shape = best_anchor_iou(boxes, np.full((30, 2), 384), SHAPES)
    np.testing.assert_allclose(iou, 1)
    assert shape.tolist() == list(range(30))


def test_by_hand():
    # Centre (16, 16) is on the grid: equal boxes. Centre (18, 18) is 2 from
    # the nearest: 30 x 30 in common, 900 / (2 x 1024 - 900).
    boxes = np.array([[0, 0, 32, 32], [2, 2, 34, 34]])
    iou, shape = best_anchor_iou(boxes, np.full((2, 2), 64), SQUARE)
    np.testing.assert_allclose(iou, [1, 900 / 1148])
    assert shape.tolist() == [0, 0]


def test_only_anchors_inside_the_border():
    # In an image of 64 x 32 (height x width) anchors of 32 x 32 would have to
    # end at x = 32, which mmdet does not count as inside: none is left.
    box, sizes = np.array([[0, 0, 32, 32]]), np.array([[64, 32]])
    assert best_anchor_iou(box, sizes, SQUARE)[0] == [1]
    assert best_anchor_iou(box, sizes, SQUARE, 0)[0] == [0]
    # With a border of 1 one column is left, and 32 x 32 fits.
    assert best_anchor_iou(box, sizes, SQUARE, 1)[0] == [1]


def test_padding_has_anchors():
    # Padded from 33 to 64, the grid goes on to a centre at 60; without
    # padding the last is at 32.
    box, sizes = np.array([[44, 0, 76, 32]]), np.array([[32, 33]])
    assert best_anchor_iou(box, sizes, SQUARE)[0] == [1]
    # Centres 28 apart: 4 x 32 in common.
    np.testing.assert_allclose(
        best_anchor_iou(box, sizes, SQUARE, pad_divisor=1)[0],
        128 / (2048 - 128),
    )


def test_no_box_and_boxes_without_area():
    iou, shape = best_anchor_iou(np.zeros((0, 4)), np.zeros((0, 2)), SHAPES)
    assert iou.shape == shape.shape == (0,)
    flat = np.array([[5, 5, 5, 5], [5, 5, 25, 5]])
    assert not best_anchor_iou(flat, np.full((2, 2), 64), SHAPES)[0].any()


def test_translation_and_scale(generator):
    boxes = random_boxes(
        600, (64, 64), generator=generator, dtype=torch.float64
    ).numpy()
    sizes = np.full((600, 2), 1024)
    iou, shape = best_anchor_iou(boxes + 512, sizes, SHAPES)
    # The coarsest grid repeats every 64 pixels.
    moved, _ = best_anchor_iou(boxes + [576, 448, 576, 448], sizes, SHAPES)
    np.testing.assert_allclose(moved, iou)
    doubled = AnchorShapes(SHAPES.scales, SHAPES.ratios, (8, 16, 32, 64, 128))
    scaled, same = best_anchor_iou(
        2 * boxes + 1024, 2 * sizes, doubled, pad_divisor=64
    )
    np.testing.assert_allclose(scaled, iou)
    assert np.array_equal(same, shape)


def test_chunks_do_not_show(monkeypatch, generator):
    boxes = random_boxes(50, (300, 200), generator=generator).numpy()
    sizes = np.tile([200, 300], (50, 1))
    iou, shape = best_anchor_iou(boxes, sizes, SHAPES, 0)
    monkeypatch.setattr(anchor_recall, '_CHUNK', 7)
    again, same = best_anchor_iou(boxes, sizes, SHAPES, 0)
    assert np.array_equal(again, iou) and np.array_equal(same, shape)


def test_sizes_are_those_of_mmdet():
    generator = AnchorGenerator(
        list(SHAPES.strides), list(SHAPES.ratios), list(SHAPES.scales)
    )
    base = torch.stack(generator.base_anchors)
    np.testing.assert_allclose(
        SHAPES.sizes().reshape(5, 6, 2),
        base[..., 2:] - base[..., :2],
        rtol=1e-6,
    )
    assert SHAPES.per_location == generator.num_base_priors[0] == 6
