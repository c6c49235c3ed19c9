"""Refuses box losses on heads that hand them encoded deltas.

IoU-family losses compare boxes. A two-stage or anchor-based head passes boxes
only with ``reg_decoded_bbox=True``; without it the loss gets encoded deltas,
trains without complaint, and the model ends near AP 0 (mmdetection#3949).

No list of losses or heads is kept. What a loss compares, a probe tells
(:func:`compares_boxes`); whether a head follows the flag, its code does
(:func:`follows_flag`). So losses and heads of users are covered too.
"""

import copy
import itertools
import types

import torch
from mmdet.models import dense_heads as dense
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from torch import Tensor, nn
from torch.nn.modules.module import register_module_module_registration_hook

_FLAG = 'reg_decoded_bbox'
# Pairs of overlapping boxes: wide, high, small, equal, inside, and fractions
# of an image.
_PRED = [
    [10, 12, 50, 32],
    [20, 5, 35, 70],
    [4, 4, 9, 8],
    [0, 0, 30, 30],
    [12, 14, 20, 26],
    [0.2, 0.3, 0.6, 0.8],
]
_TARGET = [
    [14, 10, 60, 30],
    [18, 9, 33, 80],
    [5, 3, 11, 9],
    [0, 0, 30, 30],
    [10, 10, 30, 30],
    [0.25, 0.2, 0.7, 0.75],
]
_STEP = 0.1  # of a box's sides
_TOLERANCE = 1e-4  # losses may compute in float32

_handle = None


def install_box_loss_guard() -> None:
    """Check every head that is built from now on in this process.

    Uses torch's hook for the registration of child modules, which sees
    ``self.loss_bbox = ...`` in any head, stock or not, as it is built; mmdet
    itself is not touched. Calling it again changes nothing.
    """
    global _handle
    if _handle is None:
        _handle = register_module_module_registration_hook(refuse_box_loss)


def refuse_box_loss(
    head: nn.Module, name: str, loss: nn.Module | None
) -> None:
    """Refuse, by ValueError, a child ``loss_bbox`` that compares boxes on a
    head that encodes them.

    Heads that have no such flag, or that decode whatever it says (FCOS, GFL,
    TOOD, RTMDet, ...), are left alone.
    """
    if name != 'loss_bbox' or loss is None:
        return
    # mmdet's heads set the flag before they build the loss; one that has
    # not is given the benefit of the doubt.
    if getattr(head, _FLAG, True) or not follows_flag(type(head)):
        return
    if compares_boxes(loss):
        pair = f'{type(head).__name__} uses {type(loss).__name__}'
        raise ValueError(
            f'{pair}, which compares boxes, but reg_decoded_bbox=False gives '
            "it encoded deltas. Set reg_decoded_bbox=True in this head's "
            f'config ({_config_path(head)}).'
        )


def follows_flag(head: type[nn.Module]) -> bool:
    """Whether the regression targets of a head depend on the flag.

    That is, whether the method that makes them, ``_get_targets_single`` in
    mmdet, or one that it hands the work to, reads it.
    """
    return _reads_flag(head, '_get_targets_single', set())


def compares_boxes(loss: nn.Module) -> bool:
    """Whether a loss needs corners of boxes, by what it does with some.

    A loss that makes sense for encoded deltas either adds up what each of
    the four coordinates says by itself (L1, smooth L1, balanced L1), or sees
    differences only (a norm of them). IoU and what is made of it does
    neither: how much a wrong left edge costs depends on the other edges, and
    on the sizes of both boxes. So it is asked, for pairs of boxes p and t,

    - whether mixed differences over two coordinates vanish,
      ``L(p + a + b) - L(p + a) - L(p + b) + L(p) = 0``;
    - whether the same shift of one coordinate of both changes nothing,
      ``L(p + a, t + a) = L(p, t)``.

    A loss that cannot be called as heads do, nor as ``loss(pred, target)``
    with (n, 4) boxes, is none that this can say anything of: False.
    """
    try:
        # A copy: some losses keep statistics of what they have seen.
        probe = copy.deepcopy(loss).double()
        with torch.no_grad():
            return _is_joint(probe) and _sees_more_than_differences(probe)
    except Exception:  # whatever a loss raises of input that it is not for
        return False


def _pairs() -> tuple[Tensor, Tensor, Tensor]:
    """(n, 4) boxes, their targets, and a step for each coordinate."""
    pred = torch.tensor(_PRED, dtype=torch.float64)
    target = torch.tensor(_TARGET, dtype=torch.float64)
    sides = (pred[:, 2:] - pred[:, :2]).repeat(1, 2)
    return pred, target, _STEP * sides


def _values(loss: nn.Module, pred: Tensor, target: Tensor) -> Tensor:
    """The loss of each pair alone, (n,)."""
    each = zip(pred.split(1), target.split(1))
    return torch.stack([_ask(loss, p, t).sum() for p, t in each])


def _ask(loss: nn.Module, pred: Tensor, target: Tensor) -> Tensor:
    """As mmdet's heads call it, which give weights and what to divide by.

    The box comes twice, since some losses are 0 for a single one.
    """
    pair = pred.repeat(2, 1), target.repeat(2, 1)
    try:
        return loss(*pair, torch.ones_like(pair[0]), avg_factor=2.0)
    except Exception:  # it takes two arguments, or is a plain sum
        return loss(*pair)


def _is_joint(loss: nn.Module) -> bool:
    pred, target, steps = _pairs()
    start = _values(loss, pred, target)
    axes = torch.eye(4, dtype=torch.float64)
    moved = [_values(loss, pred + steps * axis, target) for axis in axes]
    scale = start.abs() + 1
    for one, two in itertools.combinations(range(4), 2):
        both = _values(loss, pred + steps * (axes[one] + axes[two]), target)
        mixed = both - moved[one] - moved[two] + start
        scale = torch.maximum(scale, both.abs())
        if (mixed.abs() > _TOLERANCE * scale).any():
            return True
    return False


def _sees_more_than_differences(loss: nn.Module) -> bool:
    pred, target, steps = _pairs()
    start = _values(loss, pred, target)
    for axis in torch.eye(4, dtype=torch.float64):
        shifted = _values(loss, pred + steps * axis, target + steps * axis)
        if ((shifted - start).abs() > _TOLERANCE * (start.abs() + 1)).any():
            return True
    return False


def _reads_flag(head: type, name: str, seen: set[str]) -> bool:
    """Whether a method, or one that it hands the work to, reads the flag."""
    if name in seen:
        return False
    seen.add(name)
    for owner in head.__mro__:
        method = vars(owner).get(name)
        if not isinstance(method, types.FunctionType):
            continue
        named = method.__code__.co_names
        if _FLAG in named or any(_reads_flag(head, n, seen) for n in named):
            return True
        if name not in named:  # it does not ask the parent's
            return False
    return False


def _config_path(head: nn.Module) -> str:
    """Where a detector's config usually holds such a head."""
    if isinstance(head, BBoxHead):
        return 'model.roi_head.bbox_head, each entry of a cascade'
    if isinstance(head, (dense.RPNHead, dense.GARPNHead)):
        return 'model.rpn_head'
    return 'model.bbox_head'
