"""The best priors of objects, whatever becomes of the records."""

import pytest
import torch

from dense_scene.models.assigners.tiled_iou import peaks, tiles
from dense_scene.models.assigners.tiled_iou.pairs import (
    compare_all,
    split_boxes,
)

from ..cases import make_boxes


@pytest.fixture
def second_looks(monkeypatch):
    """One entry each time that all blocks are compared again."""
    seen = []

    def spy(*args):
        seen.append(args)
        return tiles.overlap_blocks(*args)

    monkeypatch.setattr(peaks, 'overlap_blocks', spy)
    return seen


def claims(priors, objects, least=0.1, match_all=True, key=None):
    """Of object peaks that were given the blocks, in the order of a key."""
    sides = [split_boxes(boxes, torch.float32) for boxes in (priors, objects)]
    tiled = tiles.tile_boxes(sides[0])
    found = peaks.ObjectPeaks(tiled, sides[1], least, torch.float32)
    blocks = list(tiles.overlap_blocks(tiled, sides[1]))
    for block in sorted(blocks, key=key) if key else blocks:
        found.add(block)
    ignored = torch.zeros(len(priors), dtype=torch.bool)
    return found.claims(ignored, match_all).tolist()


def expected_claims(priors, objects, least, match_all):
    """By a loop over objects and the matrix of all pairs."""
    overlaps = compare_all(
        *(split_boxes(boxes, torch.float32) for boxes in (objects, priors))
    )
    result = [0] * len(priors)
    for number, row in enumerate(overlaps, 1):
        best = (row == row.max()).nonzero().squeeze(1)
        if row.max() >= least:
            for prior in best if match_all else best[:1]:
                result[prior] = number
    return result


@pytest.mark.parametrize('match_all', [True, False])
@pytest.mark.parametrize('kind', ['whole', 'real', 'copies', 'inverted'])
@pytest.mark.parametrize('most', [1, 30, 1 << 17])
def test_against_the_matrix(most, kind, match_all, generator, monkeypatch):
    """Records are given up, beaten ones make room, and all are kept."""
    monkeypatch.setattr(peaks, '_MOST', most)
    monkeypatch.setattr(tiles, 'TILE', 4)
    monkeypatch.setattr(tiles, '_CPU_BLOCK', 12)
    priors = make_boxes(400, kind, generator)
    objects = make_boxes(20, kind, generator)
    expected = expected_claims(priors, objects, 0.1, match_all)
    assert claims(priors, objects, 0.1, match_all) == expected
    assert any(expected)


def rows(heights):
    """Boxes of 10 x height, each alone in its tile and block."""
    return torch.tensor([[0.0, 0, 10, height] for height in heights])


def test_beaten_records_make_room(second_looks, monkeypatch):
    """Each tile beats all before it: 400 records, of which one stays."""
    monkeypatch.setattr(peaks, '_MOST', 20)
    monkeypatch.setattr(tiles, 'TILE', 1)
    monkeypatch.setattr(tiles, '_CPU_BLOCK', 0)
    priors = rows(torch.linspace(1, 9, 400))
    found = claims(
        priors, rows([10]), key=lambda block: block.overlaps.amax().item()
    )
    assert found == [0] * 399 + [1]
    assert not second_looks


def test_ties_without_end_are_given_up(second_looks, monkeypatch):
    monkeypatch.setattr(peaks, '_MOST', 20)
    monkeypatch.setattr(tiles, 'TILE', 1)
    assert claims(rows([9] * 400), rows([10])) == [1] * 400
    assert len(second_looks) == 1
