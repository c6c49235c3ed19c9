"""The installed mmcv/_ext.py, through mmcv's own functions."""

import subprocess
import sys

import mmcv._ext
import pytest
import torch
import torch.nn.functional as F
from mmcv.ops import (
    DeformConv2d,
    ModulatedDeformConv2d,
    RoIAlign,
    SigmoidFocalLoss,
    batched_nms,
    nms,
    soft_nms,
)
from mmcv.utils import collect_env

import portable_ops
from portable_ops import torchvision_kernels as kernels
from tests.test_portable_ops.inputs import make_dense_boxes, make_rois

pytestmark = pytest.mark.skipif(
    not mmcv._ext.__file__.endswith('.py'),
    reason='compiled mmcv is installed and wins over portable_ops',
)


def test_detinferencer_imports_in_a_fresh_process():
    code = (
        'import sys; from mmdet.apis import DetInferencer; '
        'assert "torchvision" not in sys.modules'
    )
    subprocess.run([sys.executable, '-W', 'ignore', '-c', code], check=True)


def test_other_operators_are_present_until_called():
    assert hasattr(mmcv._ext, 'ball_query_forward')
    assert not hasattr(mmcv._ext, '__wrapped__')
    with pytest.raises(
        NotImplementedError, match="'ball_query_forward'.*Install compiled"
    ):
        mmcv._ext.ball_query_forward(torch.ones(1))


def test_environment_report():
    found = collect_env()
    assert 'portable_ops' in found['MMCV Compiler']
    assert found['MMCV CUDA Compiler'] == 'not available'


def test_nms_with_score_threshold_and_limit():
    boxes = torch.tensor([[0.0, 0, 9, 9], [0, 0, 9, 8], [20, 20, 29, 29]])
    scores = torch.tensor([0.9, 0.8, 0.3])
    dets, inds = nms(boxes, scores, 0.5)
    assert inds.tolist() == [0, 2]
    torch.testing.assert_close(dets[:, 4], scores[inds])
    assert nms(boxes, scores, 0.5, score_threshold=0.5)[1].tolist() == [0]
    assert nms(boxes, scores, 0.5, max_num=1)[1].tolist() == [0]
    # Arrays in, arrays out.
    _, inds = nms(boxes.numpy(), scores.numpy(), 0.5, offset=1)
    assert inds.tolist() == [0, 2]


def test_batched_nms_keeps_classes_apart(generator):
    boxes = make_dense_boxes(300, generator)
    scores = torch.rand(300, generator=generator)
    labels = torch.randint(0, 3, (300,), generator=generator)
    cfg = dict(type='nms', iou_threshold=0.5)
    _, kept = batched_nms(boxes, scores, labels, cfg)
    expected = [
        torch.nonzero(labels == c).flatten()[
            portable_ops.nms(boxes[labels == c], scores[labels == c], 0.5)
        ]
        for c in range(3)
    ]
    assert sorted(kept.tolist()) == sorted(torch.cat(expected).tolist())


def test_soft_nms(generator):
    boxes = make_dense_boxes(100, generator)
    scores = torch.rand(100, generator=generator)
    dets, inds = soft_nms(boxes, scores, method='gaussian', min_score=0.1)
    expected = portable_ops.soft_nms(
        boxes, scores, min_score=0.1, method='gaussian'
    )
    assert torch.equal(dets, expected[0])
    assert torch.equal(inds, expected[1])


@pytest.mark.parametrize('pool_mode', ['avg', 'max'])
def test_roi_align_gradcheck(generator, pool_mode):
    layer = RoIAlign((2, 2), 0.25, 2, pool_mode)
    maps = torch.randn(2, 2, 6, 6, generator=generator).double()
    rois = make_rois(4, generator, size=(24, 24)).double()
    assert torch.autograd.gradcheck(
        lambda x: layer(x, rois), maps.requires_grad_()
    )


def test_focal_loss_gradcheck(generator):
    layer = SigmoidFocalLoss(2.0, 0.25, reduction='sum')
    logits = torch.randn(5, 3, generator=generator).double()
    target = torch.tensor([0, 1, 2, 3, 3])
    assert torch.autograd.gradcheck(
        lambda x: layer(x, target), logits.requires_grad_()
    )


@pytest.mark.parametrize('modulated', [False, True])
def test_deform_conv_gradcheck(generator, modulated):
    kind = ModulatedDeformConv2d if modulated else DeformConv2d
    layer = kind(4, 4, 3, padding=1, groups=2, deform_groups=2).double()
    maps = torch.randn(2, 4, 4, 5, generator=generator).double()
    offset = torch.randn(2, 36, 4, 5, generator=generator).double()
    mask = torch.rand(2, 18, 4, 5, generator=generator).double()
    inputs = (maps, offset, mask) if modulated else (maps, offset)
    parameters = tuple(layer.parameters())

    def forward(*tensors):
        return layer(*tensors[: len(inputs)])

    leaves = [t.detach().requires_grad_() for t in inputs]
    assert torch.autograd.gradcheck(
        forward, (*leaves, *parameters), fast_mode=True
    )
    zero = (torch.zeros_like(offset), torch.ones_like(mask))[: len(inputs) - 1]
    torch.testing.assert_close(
        layer(maps, *zero),
        F.conv2d(
            maps,
            layer.weight,
            getattr(layer, 'bias', None),
            padding=1,
            groups=2,
        ),
    )


def test_torchvision_is_not_asked_on_the_cpu():
    assert kernels.torchvision_kernels(torch.device('cpu')) is None


def test_a_broken_torchvision_does_no_harm(monkeypatch, tmp_path):
    (tmp_path / 'torchvision.py').write_text(
        'raise RuntimeError("operator torchvision::nms does not exist")'
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    kernels._working_kernels.cache_clear()
    assert kernels._working_kernels('cpu') is None
    kernels._working_kernels.cache_clear()
