"""Every operator, called through mmcv: CUDA gives what the CPU gives."""

import pytest
import torch
from mmcv import ops
from mmcv.ops.carafe import CARAFENaiveFunction
from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction
from mmcv.ops.sync_bn import SyncBatchNormFunction
from torch import Tensor, nn

from tests.test_portable_ops.inputs import make_dense_boxes, make_rois

pytestmark = pytest.mark.gpu


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def boxes(num=300):
    return make_dense_boxes(num, torch.Generator().manual_seed(0))


def rois():
    return make_rois(40, torch.Generator().manual_seed(0))


def scores(num=300):
    return random(num).sigmoid()


def rotated(num=60):
    return torch.cat((boxes(num)[:, :2], 20 + random(num, 3).abs()), 1)


def norm(x, mean, variance, weight, bias):
    return SyncBatchNormFunction.apply(
        x, mean, variance, weight, bias, 0.3, 1e-5, 0, 1, 'default'
    )


def masked(x, mask, weight, bias):
    return ops.masked_conv2d(x, mask, weight, bias, 1)


def attention(value, shapes, starts, where, weights):
    return MultiScaleDeformableAttnFunction.apply(
        value, shapes, starts, where, weights, 64
    )


# A call and its inputs. Gradients of floating ones are compared, too.
CASES = {
    'nms': (lambda b, s: ops.nms(b, s, 0.5), [boxes(), scores()]),
    'nms of few': (lambda b, s: ops.nms(b, s, 0.5), [boxes(3), scores(3)]),
    'nms of none': (lambda b, s: ops.nms(b, s, 0.5), [boxes(0), scores(0)]),
    'soft_nms': (lambda b, s: ops.soft_nms(b, s, 0.3), [boxes(), scores()]),
    'batched_nms': (
        lambda b, s, i: ops.batched_nms(b, s, i, dict(iou_threshold=0.5)),
        [boxes(), scores(), torch.arange(300) % 3],
    ),
    'batched_nms, split': (
        lambda b, s, i: ops.batched_nms(
            b, s, i, dict(type='soft_nms', split_thr=10)
        ),
        [boxes(), scores(), torch.arange(300) % 3],
    ),
    'nms_match': (
        lambda d: ops.nms_match(d, 0.5),
        [torch.column_stack((boxes(), scores()))],
    ),
    'nms_rotated': (
        lambda b, s: ops.nms_rotated(b, s, 0.3),
        [rotated(), scores(60)],
    ),
    'box_iou_rotated': (ops.box_iou_rotated, [rotated(), rotated(7)]),
    'bbox_overlaps': (ops.bbox_overlaps, [boxes(), boxes(7)]),
    'roi_align': (
        lambda x, r: ops.roi_align(x, r, (7, 5), 0.25, 0, 'avg', True),
        [random(2, 3, 20, 30), rois()],
    ),
    'roi_align, max': (
        lambda x, r: ops.roi_align(x, r, (7, 5), 0.25, 2, 'max', True),
        [random(2, 3, 20, 30), rois()],
    ),
    'deform_roi_pool': (
        lambda x, r, o: ops.deform_roi_pool(x, r, o, (3, 2), 0.25, 2, 0.1),
        [random(2, 3, 20, 30), rois(), random(40, 2, 3, 2)],
    ),
    'roi_pool': (
        lambda x, r: ops.roi_pool(x, r, (3, 2), 0.25),
        [random(2, 3, 20, 30), rois()],
    ),
    'sigmoid_focal_loss': (
        lambda x, t: ops.sigmoid_focal_loss(x, t, 2.0, 0.25, None, 'none'),
        [random(60, 4), torch.arange(60) % 5],
    ),
    'deform_conv2d': (
        lambda x, o, w: ops.deform_conv2d(x, o, w, 1, 1, 1),
        [random(2, 4, 7, 8), random(2, 18, 7, 8), random(6, 4, 3, 3)],
    ),
    'modulated_deform_conv2d': (
        lambda x, o, m, w, b: ops.modulated_deform_conv2d(
            x, o, m, w, b, 1, 1, 1
        ),
        [
            *(random(2, 4, 7, 8), random(2, 18, 7, 8), random(2, 9, 7, 8)),
            *(random(6, 4, 3, 3), random(6)),
        ],
    ),
    'ms_deform_attn': (
        attention,
        [
            *(random(2, 26, 3, 4), torch.tensor([[4, 5], [2, 3]])),
            *(torch.tensor([0, 20]), random(2, 5, 3, 2, 4, 2).sigmoid()),
            random(2, 5, 3, 2, 4),
        ],
    ),
    'carafe': (
        lambda x, m: ops.carafe(x, m, 3, 2, 2),
        [random(2, 4, 3, 4), random(2, 18, 6, 8)],
    ),
    'carafe_naive': (
        lambda x, m: CARAFENaiveFunction.apply(x, m, 3, 2, 2),
        [random(2, 4, 3, 4), random(2, 18, 6, 8)],
    ),
    'masked_conv2d': (
        masked,
        [
            *(random(1, 3, 6, 7), random(1, 6, 7) > 0),
            *(random(5, 3, 3, 3), random(5)),
        ],
    ),
    'sync_bn': (
        norm,
        [
            *(random(3, 4, 5, 6), torch.zeros(4), torch.ones(4)),
            *(random(4), random(4)),
        ],
    ),
}
# Of these mmcv asks for no gradient, or, naively, for one on CUDA alone.
NO_GRADIENT = ('nms', 'overlaps', 'rotated', 'match', 'naive', 'masked')
# What is no argument of a derivative: RoIs, running statistics
FIXED = {'roi_align': [1], 'roi_align, max': [1], 'roi_pool': [1],
         'deform_roi_pool': [1], 'sync_bn': [1, 2]}  # fmt: skip


def tensors(result: object) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else list(result)


def results(name: str, device: str) -> list[Tensor]:
    """Outputs, and gradients of a weighted sum of them."""
    call, inputs = CASES[name]
    inputs = [value.clone().to(device) for value in inputs]
    learned = [
        value.requires_grad_()
        for index, value in enumerate(inputs)
        if value.is_floating_point()
        and index not in FIXED.get(name, ())
        and not any(word in name for word in NO_GRADIENT)
    ]
    outputs = tensors(call(*inputs))
    if learned:
        weights = random(*outputs[0].shape).to(device)
        outputs += torch.autograd.grad((outputs[0] * weights).sum(), learned)
    assert all(value.device.type == device for value in outputs)
    return [value.detach().cpu() for value in outputs]


@pytest.mark.parametrize('name', CASES)
def test_cuda_gives_what_the_cpu_gives(name):
    expected, found = results(name, 'cpu'), results(name, 'cuda')
    assert len(expected) == len(found) > 0
    for ours, theirs in zip(found, expected):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('kind', [ops.RoIAlign, ops.RoIPool])
def test_modules_of_an_extractor(kind):
    layer = nn.ModuleList([kind(7, 0.25)]).to('cuda')[0]
    assert layer(random(2, 3, 8, 8).to('cuda'), rois().to('cuda')).is_cuda
