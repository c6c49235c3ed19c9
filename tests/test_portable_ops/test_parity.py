"""NMS and RoIAlign against compiled mmcv, call by call: `make parity`.

Both modules are called with the same arguments, the buffers that mmcv makes
included: this also proves that mmcv/_ext.py speaks mmcv's conventions.
"""

import pytest
import torch

from tests.test_portable_ops.inputs import (
    EDGE_ROIS,
    make_dense_boxes,
    make_rois,
    make_tied_scores,
    relative_error,
    touching_row,
)

pytestmark = pytest.mark.parity
TOLERANCE = 1e-5


def roi_align_both(both, maps, rois, ratio, mode, aligned, size=(7, 7)):
    """Outputs, argmaxes and gradient of ours and of mmcv's."""
    shape = (len(rois), maps.shape[1], *size)
    numbers = dict(
        aligned_height=size[0],
        aligned_width=size[1],
        spatial_scale=0.25,
        sampling_ratio=ratio,
        pool_mode=mode,
        aligned=aligned,
    )
    empty = maps.new_zeros(shape if mode == 0 else 0)
    ours, theirs = both(
        'roi_align_forward',
        maps,
        rois,
        maps.new_zeros(shape),
        empty,
        empty,
        **numbers,
    )
    output, argmax = theirs[1][2], theirs[1][3:]
    pairs = list(zip(ours[1][2:], theirs[1][2:]))
    grad = torch.randn(
        shape, generator=torch.Generator().manual_seed(1), dtype=output.dtype
    )
    ours, theirs = both(
        'roi_align_backward',
        grad,
        rois,
        *argmax,
        torch.zeros_like(maps),
        **numbers,
    )
    return [*pairs, (ours[1][4], theirs[1][4])]


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('aligned', [True, False])
@pytest.mark.parametrize('mode', [0, 1], ids=['max', 'avg'])
@pytest.mark.parametrize('ratio', [0, 1, 2, 3])
def test_roi_align(both, generator, ratio, mode, aligned, dtype):
    maps = torch.randn(2, 5, 20, 30, generator=generator).to(dtype)
    rois = torch.cat([make_rois(40, generator), torch.tensor(EDGE_ROIS)])
    pairs = roi_align_both(both, maps, rois.to(dtype), ratio, mode, aligned)
    for ours, theirs in pairs:
        assert relative_error(ours, theirs) <= TOLERANCE


@pytest.mark.parametrize('mode', [0, 1], ids=['max', 'avg'])
def test_roi_align_without_rois(both, mode):
    maps = torch.ones(2, 5, 20, 30)
    pairs = roi_align_both(both, maps, torch.zeros(0, 5), 2, mode, True)
    assert pairs[0][0].shape == (0, 5, 7, 7)
    assert torch.equal(pairs[-1][0], torch.zeros_like(maps))


def test_roi_align_of_5000_rois(both, generator):
    """Enough to be taken in several chunks."""
    maps = torch.randn(2, 4, 100, 150, generator=generator)
    rois = make_rois(5000, generator, size=(400, 600))
    pairs = roi_align_both(both, maps, rois, 0, 1, True, size=(7, 5))
    for ours, theirs in pairs:
        assert relative_error(ours, theirs) <= TOLERANCE


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.3, 0.5, 0.6, 0.7])
@pytest.mark.parametrize('num', [0, 1, 2, 63, 64, 65, 600, 5000])
def test_nms(both, generator, num, threshold, offset):
    boxes = make_dense_boxes(num, generator)
    for scores in (
        torch.rand(num, generator=generator),
        make_tied_scores(num, generator),
        torch.ones(num),
    ):
        args = dict(iou_threshold=threshold, offset=offset)
        (ours, _), (theirs, _) = both('nms', boxes, scores, **args)
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize('offset', [0, 1])
def test_nms_at_exact_thresholds(both, generator, offset):
    """Small integer boxes: IoUs of exactly 1/2, equal, empty, touching."""
    boxes = torch.randint(0, 6, (800, 4), generator=generator).float()
    boxes[:, 2:] += boxes[:, :2]
    boxes = torch.cat([boxes, touching_row(40)])
    scores = make_tied_scores(len(boxes), generator)
    for threshold in (0.0, 0.25, 0.5, 0.75, 1.0):
        args = dict(iou_threshold=threshold, offset=offset)
        (ours, _), (theirs, _) = both('nms', boxes, scores, **args)
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('method', [0, 1, 2], ids=['naive', 'linear', 'gauss'])
@pytest.mark.parametrize('num', [0, 1, 2, 100, 199, 200, 600, 2000])
def test_soft_nms(both, generator, num, method, offset):
    boxes = make_dense_boxes(num, generator)
    for scores in (
        torch.rand(num, generator=generator),
        make_tied_scores(num, generator),
    ):
        (ours, buffers), (theirs, expected) = both(
            'softnms',
            boxes,
            scores,
            boxes.new_empty(num, 5),
            iou_threshold=0.3,
            sigma=0.5,
            min_score=0.05,
            method=method,
            offset=offset,
        )
        assert torch.equal(ours, theirs)
        found, wanted = buffers[2][: len(ours)], expected[2][: len(ours)]
        assert relative_error(found[:, 4:], wanted[:, 4:]) <= TOLERANCE
        assert torch.equal(found[:, :4], wanted[:, :4])


@pytest.mark.parametrize('method', [1, 2], ids=['linear', 'gauss'])
def test_soft_nms_with_nan_scores(both, generator, method):
    boxes = make_dense_boxes(90, generator)
    scores = torch.rand(90, generator=generator)
    scores[::9] = torch.nan
    (ours, _), (theirs, _) = both(
        'softnms',
        boxes,
        scores,
        boxes.new_empty(90, 5),
        iou_threshold=0.3,
        sigma=0.5,
        min_score=0.05,
        method=method,
        offset=0,
    )
    assert torch.equal(ours, theirs)
