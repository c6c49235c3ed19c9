"""Which pairs are compared, and what that costs."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dense_scene.models.assigners.tiled_iou import tiles as box_tiles
from dense_scene.models.assigners.tiled_iou.assignment import (
    MaxIoURule,
    assign_max_iou,
)
from dense_scene.models.assigners.tiled_iou.pairs import (
    compare_all,
    split_boxes,
)
from dense_scene.models.assigners.tiled_iou.tiles import (
    overlap_blocks,
    tile_boxes,
)
from dense_scene.testing import random_boxes, touching_row


def split(boxes):
    return split_boxes(boxes, boxes.dtype)


def matrix(boxes, others, mode='iou', finite=True):
    """(N, M) overlaps, put together from the blocks."""
    tiles = tile_boxes(split(boxes))._replace(finite=finite)
    shape = tiles.boxes.areas.shape
    result = torch.zeros(*shape, len(others) + 1)
    for tile, other, overlaps in overlap_blocks(tiles, split(others), mode):
        for slot in range(other.shape[1]):
            result[tile, :, other[:, slot]] = overlaps[:, slot]
    flat = result.flatten(0, 1)[: len(boxes), : len(others)]
    return torch.empty_like(flat).index_copy_(0, tiles.order, flat)


def definition(boxes, others, mode):
    """Intersection over union or area, one side at a time, in float64."""
    boxes, others = boxes.double()[:, None], others.double()
    low = torch.maximum(boxes[..., :2], others[:, :2])
    high = torch.minimum(boxes[..., 2:], others[:, 2:])
    intersection = (high - low).clamp(min=0).prod(-1)
    area, other_area = (
        (side[..., 2:] - side[..., :2]).prod(-1) for side in (boxes, others)
    )
    return intersection / {
        'iou': area + other_area - intersection,
        'tiled': area,
        'other': other_area,
    }[mode].clamp(min=1e-6)


@pytest.mark.parametrize('mode', ['iou', 'tiled', 'other'])
@pytest.mark.parametrize('num', [1, 63, 64, 65, 600])
def test_equals_the_definition(generator, mode, num):
    boxes = random_boxes(num, generator=generator)
    others = random_boxes(70, generator=generator)
    expected = definition(boxes, others, mode)
    for finite in (True, False):  # those that touch, or all with all
        found = matrix(boxes, others, mode, finite)
        torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-5)
    assert torch.equal(compare_all(split(others), split(boxes), mode).T, found)


def test_touching_boxes_do_not_overlap():
    # In a row each overlaps only itself.
    row = touching_row(600)
    assert torch.equal(matrix(row, row), torch.eye(600))


def test_equal_boxes_all_overlap():
    boxes = torch.tensor([[3.0, 3, 8, 9]]).repeat(600, 1)
    assert (matrix(boxes, boxes[:70]) == 1).all()


def test_each_tile_is_in_one_block(generator, monkeypatch):
    """Blocks that are cut small, over several parts of the rectangles."""
    monkeypatch.setattr(box_tiles, '_CPU_BLOCK', 256)
    monkeypatch.setattr(box_tiles, '_RECTANGLES_AT_ONCE', 300)
    boxes = random_boxes(2000, generator=generator)
    others = random_boxes(60, generator=generator)
    tiles = tile_boxes(split(boxes))
    blocks = list(overlap_blocks(tiles, split(others)))
    seen = torch.cat([block.tiles for block in blocks])
    assert len(seen) == len(seen.unique()) <= 32  # 2,000 / 64, rounded up
    assert len(blocks) > 6


def test_place_undoes_the_sorting(generator):
    boxes = random_boxes(100, generator=generator)
    tiles = tile_boxes(split(boxes))
    assert torch.equal(tiles.place(tiles.boxes.corners[1]), boxes[:, 1])


def grid(stride, size, rows, columns):
    """One square anchor of ``size`` per cell."""
    y, x = torch.meshgrid(
        torch.arange(rows), torch.arange(columns), indexing='ij'
    )
    center = torch.stack([x, y], -1).view(-1, 2) * float(stride)
    return torch.cat([center - size / 2, center + size / 2], 1)


def compared_pairs(scale):
    """On an image of 320 x 640 ``scale`` pixels, 8 x 8 objects per 100."""
    anchors = torch.cat(
        [grid(4, 16, 80, 160 * scale), grid(16, 64, 20, 40 * scale)]
    )
    objects = grid(12, 10, 26, 53 * scale)
    tiles = tile_boxes(split(anchors))
    compared = sum(
        block.overlaps.numel()
        for block in overlap_blocks(tiles, split(objects))
    )
    return compared, len(anchors) * len(objects)


def test_work_follows_the_overlapping_pairs():
    """Twice the image has twice the pairs that overlap, four times all."""
    once, all_pairs = compared_pairs(1)
    twice, all_pairs_of_twice = compared_pairs(2)
    assert all_pairs_of_twice == 4 * all_pairs
    assert 1.8 < twice / once < 2.2
    # A tile is 8 x 8 anchors: 7 * 4 + 16 = 44 pixels wide, where it touches
    # up to 5 x 5 objects of 10 per 12, or 176 pixels, up to 16 x 16. Blocks
    # are filled up to at most twice that.
    assert once < 2 * (12_800 * 25 + 800 * 256) < all_pairs / 17


class LargestTensor(TorchDispatchMode):
    """Bytes of the largest tensor that is made."""

    most = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            storage = result.untyped_storage().nbytes()
            self.most = max(self.most, storage)
        return result


def test_no_tensor_is_as_large_as_the_matrix(generator):
    """In the worst case too, where every prior overlaps every object."""
    rule = MaxIoURule(0.7, (0.0, 0.3), True, 0.3)
    spread = random_boxes(12_800, generator=generator)
    equal = torch.tensor([[0.0, 0, 900, 900]]).expand(12_800, 4)
    for priors in (spread, equal):
        with LargestTensor() as largest:
            assign_max_iou(priors, spread[:1000], rule)
        # All pairs in float32 would be 51 MB. One tile's pairs with all
        # objects are 0.26 MB, priors with four corners 0.2 MB; the tiles
        # times objects, in int64, 200 * 1000 * 8 = 1.6 MB twice.
        assert largest.most < 4e6
