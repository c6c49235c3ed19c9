"""What every operator asks of its tensors, in one table.

The same on every device, before anything is computed: an index error from
inside, or a kernel that reads beyond a tensor, names no argument.
"""

import torch
from torch import Tensor

from portable_ops.opaque import traced

# Of each argument: its dimensions, a number or a letter that stands for the
# same size wherever it is used, * for any; and its kind, if not floating.
ARGUMENTS = {
    'nms': dict(boxes='N 4: real', scores='N: real'),
    'soft_nms': dict(boxes='N 4: real', scores='N: real'),
    'nms_match': dict(dets='N 5: real'),
    'bbox_overlaps': dict(boxes='N 4: real', others='M 4: real'),
    'nms_rotated': dict(boxes='N 5', scores='N', labels='N: real'),
    'box_iou_rotated': dict(boxes='N 5', others='M 5'),
    'roi_align': dict(maps='B C H W', rois='R 5'),
    'roi_align_max': dict(maps='B C H W', rois='R 5'),
    'deform_roi_pool': dict(maps='B C H W', rois='R 5', offset='R 2 * *'),
    'roi_pool': dict(maps='B C H W', rois='R 5'),
    'sigmoid_focal_loss': dict(
        logits='N C', target='N: integer', weight='*: real'
    ),
    'deform_conv': dict(
        maps='B * H W',
        offset='B * * *',
        weight='O * * *',
        mask='B * * *',
        bias='O',
    ),
    'ms_deform_attn': dict(
        value='B S H D',
        sampling_locations='B Q H L P 2',
        attention_weights='B Q H L P',
    ),
    'carafe': dict(features='B C H W', masks='B * * *'),
    'masked_im2col': dict(
        maps='1 C H W', rows='N: integer', columns='N: integer'
    ),
    'masked_col2im': dict(
        values='C N', rows='N: integer', columns='N: integer'
    ),
}


# The same, taken apart: dimensions and kind of each.
_PARTS = {
    operator: {
        name: (wanted.partition(': ')[0].split(), wanted.partition(': ')[2])
        for name, wanted in arguments.items()
    }
    for operator, arguments in ARGUMENTS.items()
}


def check_arguments(operator: str, **tensors: Tensor | None) -> None:
    """Refuse tensors that do not fit the table or each other.

    Args:
        operator: A key of ``ARGUMENTS``.
        tensors: By its names. None is an optional argument that is absent.

    Raises:
        TypeError: If one is no tensor, or its numbers are of another kind.
        ValueError: If a shape or a device does not fit.
    """
    if traced():
        return
    sizes: dict[str, tuple[int, str]] = {}
    first, parts = None, _PARTS[operator]
    for name, tensor in tensors.items():
        if tensor is None:
            continue
        dimensions, kind = parts[name]
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f'{name} must be a tensor, but got {type(tensor).__name__}.'
            )
        _check_kind(name, tensor, kind or 'floating')
        _check_shape(name, tensor, dimensions, sizes)
        if first is None:
            first = name, tensor.device
        elif tensor.device != first[1]:
            raise ValueError(
                f'{name} must be on {first[1]} as {first[0]} is, but got '
                f'{tensor.device}.'
            )


def _check_kind(name: str, tensor: Tensor, kind: str) -> None:
    floating = tensor.dtype.is_floating_point
    whole = not floating and not tensor.dtype.is_complex
    whole = whole and tensor.dtype != torch.bool
    right = dict(floating=floating, integer=whole, real=floating or whole)
    if not right[kind]:
        raise TypeError(f'{name} must be {kind}, but got {tensor.dtype}.')


def _check_shape(
    name: str,
    tensor: Tensor,
    dimensions: list[str],
    sizes: dict[str, tuple[int, str]],
) -> None:
    """Also remembers the sizes that letters stand for, and of whom."""
    shape = tensor.shape
    fits = len(shape) == len(dimensions)
    for letter, size in zip(dimensions, shape):
        if letter == '*':
            continue
        if letter.isdigit():
            fits = fits and size == int(letter)
            continue
        known, owner = sizes.setdefault(letter, (size, name))
        if fits and size != known:
            raise ValueError(
                f'{name} must be {_wanted(dimensions)} with {letter} = '
                f'{known} as {owner} has, but got {tuple(shape)}.'
            )
    if not fits:
        raise ValueError(
            f'{name} must be {_wanted(dimensions)}, but got {tuple(shape)}.'
        )


def _wanted(dimensions: list[str]) -> str:
    comma = ',' if len(dimensions) == 1 else ''
    return f'({", ".join(dimensions)}{comma})'
