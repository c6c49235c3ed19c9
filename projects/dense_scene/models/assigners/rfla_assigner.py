"""Priors for objects by the distance of receptive fields (RFLA)."""

from collections.abc import Iterator, Sequence

import torch
from mmdet.models.task_modules import AssignResult
from mmdet.models.task_modules.assigners import BaseAssigner
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from ...utils import checks
from .tiled_iou.assignment import covered_priors

# Pairs of a prior and an object that are compared at once: a few of the
# caches on a CPU, 128 MB of temporaries on a GPU.
_CPU_PAIRS = 1 << 20
_GPU_PAIRS = 1 << 23
_LEAST_SIDE = 1e-6  # pixels; an object without area has a distance, too


def receptive_fields(
    blocks: Sequence[int], convs_per_block: int = 1
) -> list[float]:
    """Theoretical receptive fields of P2, P3, ... of a ResNet with FPN.

    Source: the authors' ``RFGenerator``. A 7x7 stem of stride 2, a 3x3 pool of
    stride 2, and the 3x3 convolutions of the stages, the first of each later
    stage with stride 2; a 3x3 convolution of stride 2 for the level beyond
    the last. Each adds 2 strides of its input. The FPN's and the head's own
    convolutions are not counted.

    Args:
        blocks (Sequence[int]): Of each stage, (3, 4, 6, 3) for R50.
        convs_per_block (int): 3x3 convolutions in a block: 1 in a bottleneck,
            2 in a basic block. Defaults to 1.

    Returns:
        list[float]: One more than stages, in pixels.

    Example:
        >>> receptive_fields((3, 4, 6, 3))
        [35, 91, 267, 427, 555]
    """
    field, stride, fields = 1 + 6 * 1 + 2 * 2, 4, []
    for stage, count in enumerate(blocks):
        convs = count * convs_per_block
        if stage:
            field += 2 * stride
            stride *= 2
            convs -= 1
        field += 2 * stride * convs
        fields.append(field)
    return [*fields, field + 2 * 2 * stride]


def gaussian_divergence(
    priors: Tensor, objects: Tensor, decay: float = 1.0
) -> Tensor:
    """Kullback-Leibler divergence of objects' Gaussians from priors'.

    A box stands for the Gaussian with its center as mean and the squares of
    half its sides as variances. For one axis, with center c and side s, prior
    p and object g::

        KL(p || g) = (s_p² / s_g² + 4 (c_p - c_g)² / s_g²
                      + ln(s_g² / s_p²) - 1) / 2

    Args:
        priors (Tensor): (N, 4), xyxy, any unit.
        objects (Tensor): (M, 4), the same.
        decay (float): Factor of the priors' sides. Defaults to 1.

    Returns:
        Tensor: (M, N), at least 0, the sum of both axes.
    """
    side_p = (priors[:, 2:] - priors[:, :2]).clamp(min=_LEAST_SIDE) * decay
    side_g = (objects[:, 2:] - objects[:, :2]).clamp(min=_LEAST_SIDE)
    center_p = (priors[:, :2] + priors[:, 2:]) / 2
    center_g = (objects[:, :2] + objects[:, 2:]) / 2
    # In place: another (M, N) costs as much as the arithmetic.
    total = side_g.log().sum(1)[:, None] - side_p.log().sum(1)
    total.sub_(1)
    for axis in (0, 1):
        scale = side_g[:, axis, None].reciprocal()
        part = center_p[:, axis] - center_g[:, axis, None]
        total.add_(part.mul_(scale).square_(), alpha=2)
        total.addcmul_(side_p[:, axis].square(), scale.square() / 2)
    return total


@TASK_UTILS.register_module()
class RFLAAssigner(BaseAssigner):
    """Assign to each object the priors whose receptive field is nearest.

    Source: RFLA, Xu et al., ECCV 2022, arXiv 2208.08738, with the distance
    by Kullback-Leibler divergence: RFD = 1 / (1 + KL), see
    :func:`gaussian_divergence`. For the RPN of small objects, which overlap
    hardly any anchor as much as IoU thresholds ask.

    1. Each object takes the ``topk[0]`` priors of largest RFD, and all that
       are as near as the last of them.
    2. The priors are shrunk by ``decay``, and each object takes ``topk[1]``
       of all in the same way; a prior keeps what step 1 gave it.
    3. Every other prior is background if its RFD after step 2 is below
       ``neg_thr`` for all objects, and neither if not.

    Of objects that take one prior the last keeps it.

    The priors are the receptive fields: set the anchor generator's
    ``base_sizes`` to half of :func:`receptive_fields` (the effective field),
    and ``scales`` to [1].

    Differs from the authors' ``HieAssigner``: shrinking does not change the
    boxes that the head is trained on (theirs are left shrunk, and the head
    learns to undo it); ignored priors are taken by no object; matrices are of
    a chunk of objects, so that memory does not grow with their number.

    Args:
        topk (tuple[int, int]): Of steps 1 and 2. Defaults to (3, 1).
        decay (float): Of step 2. Defaults to 0.9.
        neg_thr (float): RFD below which a prior is background.
            Defaults to 0.8.
        ignore_iof_thr (float): Priors of which an ignored region covers more
            are neither; off if not positive. Defaults to -1.

    Example:
        >>> priors = torch.tensor([[0.0, 0, 10, 10], [90, 90, 100, 100]])
        >>> objects = torch.tensor([[1.0, 1, 5, 5]])
        >>> RFLAAssigner(topk=(1, 1)).assign(
        ...     InstanceData(priors=priors),
        ...     InstanceData(bboxes=objects, labels=torch.tensor([0])),
        ... ).gt_inds
        tensor([1, 0])
    """

    def __init__(
        self,
        topk: Sequence[int] = (3, 1),
        decay: float = 0.9,
        neg_thr: float = 0.8,
        ignore_iof_thr: float = -1,
    ) -> None:
        if len(topk) != 2:
            raise ValueError(f'topk must be two integers, but got {topk!r}.')
        self.topk = [checks.positive_integer('topk', k) for k in topk]
        self.decay = checks.number('decay', decay, '(0, 1]')
        self.neg_thr = checks.number('neg_thr', neg_thr, '(0, 1]')
        self.ignore_iof_thr = ignore_iof_thr

    @torch.no_grad()
    def assign(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
        **kwargs,
    ) -> AssignResult:
        """Assign objects to the priors of one image.

        Args:
            pred_instances (InstanceData): With ``priors``, (N, 4), xyxy, on
                any device; or a ``BaseBoxes`` of them.
            gt_instances (InstanceData): With ``bboxes``, (M, 4), the same,
                and ``labels``, (M,).
            gt_instances_ignore (InstanceData, optional): With ``bboxes``,
                (R, 4), regions to ignore.

        Returns:
            AssignResult: ``gt_inds``, (N,): the object plus 1, 0 for
            background, -1 for neither. ``max_overlaps``, (N,): largest RFD of
            the shrunk prior, -1 where ignored. ``labels``, (N,): -1 where not
            positive.
        """
        priors = _wide(get_box_tensor(pred_instances.priors))
        objects = _wide(get_box_tensor(gt_instances.bboxes))
        ignored = torch.zeros_like(priors[:, 0], dtype=torch.bool)
        if self.ignore_iof_thr > 0 and gt_instances_ignore is not None:
            regions = _wide(get_box_tensor(gt_instances_ignore.bboxes))
            ignored = covered_priors(priors, regions, self.ignore_iof_thr)
        first, second, nearest = self._claims(priors, objects, ignored)
        overlaps = torch.where(ignored, -1, 1 / (1 + nearest))
        gt_inds = (overlaps < self.neg_thr).long() - 1
        gt_inds[ignored] = -1
        gt_inds = torch.where(second > 0, second, gt_inds)
        gt_inds = torch.where(first > 0, first, gt_inds)
        labels = torch.full_like(gt_inds, -1)
        if len(objects):
            known = gt_instances.labels.long()[(gt_inds - 1).clamp_(min=0)]
            labels = torch.where(gt_inds > 0, known, labels)
        return AssignResult(len(objects), gt_inds, overlaps, labels)

    def _claims(
        self, priors: Tensor, objects: Tensor, ignored: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of each prior, (N,): the last object, plus 1, that takes it in
        steps 1 and 2, or 0, and the least divergence of step 2."""
        first = torch.zeros_like(ignored, dtype=torch.long)
        second = first.clone()
        nearest = torch.full_like(priors[:, 0], torch.inf)
        steps = (
            (first, self.topk[0], 1.0),
            (second, self.topk[1], self.decay),
        )
        some_ignored = bool(ignored.any())
        for start, some in _chunks(objects, len(priors)):
            for claims, k, decay in steps:
                distance = gaussian_divergence(priors, some, decay)
                if some_ignored:
                    distance.masked_fill_(ignored, torch.inf)
                row, prior = _nearest(distance, k)
                claims.scatter_reduce_(0, prior, row + start + 1, 'amax')
            torch.minimum(nearest, distance.amin(0), out=nearest)
        return first, second, nearest


def _wide(boxes: Tensor) -> Tensor:
    """(N, 4) in float32, or in float64 if they are."""
    dtype = torch.promote_types(boxes.dtype, torch.float32)
    return boxes.reshape(-1, 4).to(dtype)


def _chunks(objects: Tensor, width: int) -> Iterator[tuple[int, Tensor]]:
    """The objects in groups of bounded matrices; none without priors."""
    pairs = _GPU_PAIRS if objects.is_cuda else _CPU_PAIRS
    step = max(1, pairs // max(width, 1))
    for start in range(0, len(objects) if width else 0, step):
        yield start, objects[start : start + step]


def _nearest(distance: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Row and column of the k least of each row, and of what equals them."""
    if k == 1:
        last = distance.amin(1, keepdim=True)
    else:
        k = min(k, distance.shape[1])
        last = distance.topk(k, dim=1, largest=False).values[:, -1:]
    # With fewer than k that are finite: those.
    last.clamp_(max=torch.finfo(last.dtype).max)
    row, column = (distance <= last).nonzero().T
    return row, column
