"""The ways an assignment can go, one after the other."""

import pytest
import torch

from dense_scene.models.assigners.tiled_iou import assignment, peaks, tiles

WAYS = ['small tiles', 'records given up', 'all pairs at once']


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Small images are compared all at once; the others force tiles.

    Tiles of 4 and blocks of 3 tiles lay every seam into small images. Given
    up, as with too many ties, all blocks are compared again. On one thread:
    mmdet's ``Tensor.max`` wakes the others even for a dozen numbers, which
    took ten times as long as all the rest.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    if request.param != 'all pairs at once':
        monkeypatch.setattr(assignment, '_are_few', lambda *sides: False)
    if request.param == 'small tiles':
        monkeypatch.setattr(tiles, 'TILE', 4)
        monkeypatch.setattr(tiles, '_CPU_BLOCK', 12)
        monkeypatch.setattr(tiles, '_RECTANGLES_AT_ONCE', 16)
    if request.param == 'records given up':
        monkeypatch.setattr(peaks, '_MOST', 1)
    yield request.param
    torch.set_num_threads(threads)
