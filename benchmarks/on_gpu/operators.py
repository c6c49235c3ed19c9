"""portable_ops through mmcv's calls, beside torchvision's and mmcv's own.

There is no compiled mmcv to compare with for a current torch and CUDA. Where
torchvision has the operator, its compiled kernel is the peer; attention is
compared with the PyTorch formula that mmcv itself carries.
"""

from collections.abc import Callable
from contextlib import contextmanager

import mmcv.ops
import torch
import torch.nn.functional as F
from mmcv.ops.multi_scale_deform_attn import (
    MultiScaleDeformableAttnFunction,
    multi_scale_deformable_attn_pytorch,
)

import portable_ops
from benchmarks import mmcv_ops
from portable_ops import torchvision_kernels as kernels

from .bench import Bench, Step

try:
    import torchvision
except Exception:  # absent, or not made for this torch
    torchvision = None


def measure(bench: Bench) -> None:
    """Every operator that a detector spends time in."""
    for part in (pooling, suppression, soft_suppression, attention):
        with bench.row(part.__name__):
            part(bench)
    for part in (deformed_convolution, focal_loss):
        with bench.row(part.__name__):
            part(bench)


def compare_with_torchvision(
    bench: Bench,
    name: str,
    ours: Step,
    make_peer: Callable[[], Step],
    equal: Callable[[object, object], bool] | None,
    **facts: object,
) -> None:
    """Ours alone where there is no torchvision."""
    peer = None
    if torchvision is not None:
        peer = make_peer()
        facts.update(peer_is='torchvision')
    bench.compare(name, ours, peer, equal, **facts)


@contextmanager
def without_torchvision():
    """Our own code on CUDA, as where torchvision is not installed."""
    own = kernels._working_kernels
    kernels._working_kernels = lambda device: None
    try:
        yield
    finally:
        kernels._working_kernels = own


def proposals(bench: Bench, num: int, objects: int):
    """Those of the CPU's benchmark, with scores that all differ."""
    boxes, _ = mmcv_ops.proposals(objects, num)
    generator = torch.Generator().manual_seed(0)
    scores = torch.randperm(num, generator=generator) / num
    return boxes.to(bench.device), scores.to(bench.device)


def suppression(bench: Bench) -> None:
    sizes = ((200, 30),) if bench.dry else ((2000, 300), (10_000, 10_000))
    for num, objects in sizes:
        boxes, scores = proposals(bench, num, objects)
        sides = (
            lambda b=boxes, s=scores: portable_ops.nms(b, s, 0.7),
            lambda b=boxes, s=scores: lambda: torchvision.ops.nms(b, s, 0.7),
            torch.equal,
        )
        name = f'nms, {num} boxes, {objects} objects'
        compare_with_torchvision(bench, name, *sides)
        with without_torchvision():
            name += ', without torchvision'
            compare_with_torchvision(bench, name, *sides)
    num = 300 if bench.dry else 15_000
    boxes, scores = proposals(bench, num, num)
    levels = torch.arange(num, device=bench.device) % 5
    setting = dict(type='nms', iou_threshold=0.7)
    compare_with_torchvision(
        bench,
        f'batched_nms, {num} boxes on 5 levels',
        lambda: mmcv.ops.batched_nms(boxes, scores, levels, setting)[1],
        lambda: (
            lambda: torchvision.ops.batched_nms(boxes, scores, levels, 0.7)
        ),
        torch.equal,
    )


def soft_suppression(bench: Bench) -> None:
    """As in mmcv its work is done on the CPU."""
    for num in (50,) if bench.dry else (500, 2000):
        boxes, scores = proposals(bench, num, num // 5)
        bench.compare(
            f'soft_nms, linear, {num} boxes',
            lambda b=boxes, s=scores: mmcv.ops.soft_nms(b, s, 0.5),
        )


def with_gradient(
    function: Callable[..., torch.Tensor], *leaves: torch.Tensor
) -> Callable[[], object]:
    """Forward, and the gradient of what is given."""
    leaves = [leaf.detach().requires_grad_() for leaf in leaves]
    with torch.no_grad():
        shape = function(*leaves)
    torch.manual_seed(0)  # the same for both sides
    grad = torch.randn_like(shape)
    return lambda: torch.autograd.grad(function(*leaves), leaves, grad)


def close(ours: tuple, peer: tuple) -> bool:
    """Of gradients; sums on CUDA have no fixed order."""
    pairs = [(a.float(), b.float()) for a, b in zip(ours, peer)]
    return all(
        float((a - b).abs().max()) <= 0.01 * float(b.abs().max())
        for a, b in pairs
    )


def pooling(bench: Bench) -> None:
    num, channels, size = (
        (20, 4, (20, 34)) if bench.dry else (1000, 256, (200, 336))
    )
    generator = torch.Generator().manual_seed(0)
    limit = torch.tensor([size[1] * 4.0, size[0] * 4.0])
    center = torch.rand(num, 2, generator=generator) * limit
    half = 16 + 112 * torch.rand(num, 2, generator=generator)
    low, high = (
        (center - half).clamp(min=0),
        torch.minimum(center + half, limit),
    )
    rois = torch.cat([torch.zeros(num, 1), low, high], 1).to(bench.device)
    maps = torch.randn(1, channels, *size, device=bench.device)
    for dtype in (torch.float, torch.half):
        for ratio in (2, 0):
            sides = (
                with_gradient(
                    lambda m, r=ratio: mmcv.ops.roi_align(
                        m, rois, (7, 7), 0.25, r, 'avg', True
                    ),
                    maps.to(dtype),
                ),
                lambda d=dtype, r=ratio: with_gradient(
                    lambda m: torchvision.ops.roi_align(
                        m, rois.to(m), (7, 7), 0.25, r, True
                    ),
                    maps.to(d),
                ),
                # In fp16 torchvision adds up in fp16, ours in fp32.
                close if dtype == torch.float else None,
            )
            name = f'roi_align, ratio {ratio}, {dtype}, value and gradient'
            compare_with_torchvision(bench, name, *sides)
            if dtype == torch.float:
                with without_torchvision():
                    name += ', without torchvision'
                    compare_with_torchvision(bench, name, *sides)


def attention(bench: Bench) -> None:
    """Deformable DETR's encoder and decoder at 1333 x 800."""
    sizes = ((100, 167), (50, 84), (25, 42), (13, 21))
    if bench.dry:
        sizes = ((4, 6), (2, 3))
    shapes = torch.tensor(sizes, device=bench.device)
    areas = shapes.prod(1)
    starts = areas.cumsum(0) - areas
    total = int(areas.sum())
    for queries in (7,) if bench.dry else (total, 900):
        for dtype in (torch.float, torch.half):
            leaves = (
                torch.randn(2, total, 8, 32, device=bench.device, dtype=dtype),
                torch.rand(
                    *(2, queries, 8, len(sizes), 4, 2),
                    device=bench.device,
                    dtype=dtype,
                ),
                torch.rand(
                    *(2, queries, 8, len(sizes), 4),
                    device=bench.device,
                    dtype=dtype,
                ),
            )
            sides = (
                with_gradient(
                    lambda v, w, a: MultiScaleDeformableAttnFunction.apply(
                        v, shapes, starts, w, a, 64
                    ),
                    *leaves,
                ),
                with_gradient(
                    lambda v, w, a: multi_scale_deformable_attn_pytorch(
                        v, shapes, w, a
                    ),
                    *leaves,
                ),
            )
            name = f'ms_deform_attn, {queries} queries, {dtype}'
            bench.compare(
                f'{name}, value and gradient',
                *sides,
                close if dtype == torch.float else None,
                peer_is="mmcv's PyTorch formula",
                ours_MiB=bench.peak(sides[0]),
                peer_MiB=bench.peak(sides[1]),
            )


def deformed_convolution(bench: Bench) -> None:
    batch, channels, size = (1, 4, (9, 9)) if bench.dry else (2, 256, (50, 84))
    device = bench.device
    leaves = (
        torch.randn(batch, channels, *size, device=device),
        torch.randn(batch, 18, *size, device=device),
        torch.rand(batch, 9, *size, device=device),
        torch.randn(channels, channels, 3, 3, device=device) / 48,
    )
    ours = with_gradient(
        lambda x, offset, mask, weight: mmcv.ops.modulated_deform_conv2d(
            x, offset, mask, weight, None, 1, 1, 1, 1, 1
        ),
        *leaves,
    )
    compare_with_torchvision(
        bench,
        f'modulated_deform_conv, {batch} x {channels} x {size[0]} x {size[1]}'
        ', value and gradient',
        ours,
        lambda: with_gradient(
            lambda x, offset, mask, weight: torchvision.ops.deform_conv2d(
                x, offset, weight, None, padding=1, mask=mask
            ),
            *leaves,
        ),
        close,
        ours_MiB=bench.peak(ours),
    )


def focal_loss(bench: Bench) -> None:
    num, classes = (50, 3) if bench.dry else (200_000, 80)
    scores = torch.randn(num, classes, device=bench.device)
    target = torch.randint(classes + 1, (num,), device=bench.device)
    one_hot = F.one_hot(target, classes + 1)[:, :classes].float()
    compare_with_torchvision(
        bench,
        f'sigmoid_focal_loss, {num} x {classes}, value and gradient',
        with_gradient(
            lambda s: mmcv.ops.sigmoid_focal_loss(
                s, target, 2.0, 0.25, None, 'none'
            ),
            scores,
        ),
        lambda: with_gradient(
            lambda s: torchvision.ops.sigmoid_focal_loss(s, one_hot), scores
        ),
        close,
    )
