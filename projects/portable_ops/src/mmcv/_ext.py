"""mmcv's operators in PyTorch, behind the interface of its compiled module.

mmcv calls ``mmcv._ext.<operator>`` with buffers that the operator has to
fill. This file lies beside mmcv-lite and forwards those calls to the
functions of ``portable_ops``. Where mmcv is compiled, Python prefers its
``_ext.*.so`` in the same folder to this file.

Names and order of the arguments are mmcv's, whatever their style: it passes
tensors by position and numbers by name. What only a compiled kernel needs,
scratch buffers among it, is ignored.
"""

from collections.abc import Callable
from typing import NoReturn

from torch import Tensor, empty_like

import portable_ops as ops
from portable_ops.deform_conv import ConvShape
from portable_ops.mmcv_calls import *  # noqa: F403  a call for each operator
from portable_ops.python_314 import offer_find_loader
from portable_ops.soft_nms import METHODS

offer_find_loader()

# mmcv's names for stride, padding and dilation of plain and of modulated
# deformable convolution, each as (y, x).
_V1 = (('dH', 'dW'), ('padH', 'padW'), ('dilationH', 'dilationW'))
_V2 = (
    ('stride_h', 'stride_w'),
    ('pad_h', 'pad_w'),
    ('dilation_h', 'dilation_w'),
)


def get_compiler_version() -> str:
    return 'none (portable_ops, operators in PyTorch)'


def get_compiling_cuda_version() -> str:
    return 'not available'


def nms(boxes, scores, iou_threshold, offset):
    return ops.nms(boxes, scores, iou_threshold, offset)


def softnms(
    boxes, scores, dets, iou_threshold, sigma, min_score, method, offset
):
    kept, inds = ops.soft_nms(
        boxes, scores, iou_threshold, sigma, min_score, METHODS[method], offset
    )
    dets[: len(kept)] = kept
    return inds


def roi_align_forward(
    input,
    rois,
    output,
    argmax_y,
    argmax_x,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    size = (aligned_height, aligned_width)
    settings = (size, spatial_scale, sampling_ratio, aligned)
    if pool_mode == 1:
        ops.roi_align(input, rois, *settings, out=output)
        return
    results = ops.roi_align_max(input, rois, *settings)
    for buffer, result in zip((output, argmax_y, argmax_x), results):
        buffer.copy_(result)


def roi_align_backward(
    grad_output,
    rois,
    argmax_y,
    argmax_x,
    grad_input,
    aligned_height,
    aligned_width,
    spatial_scale,
    sampling_ratio,
    pool_mode,
    aligned,
):
    shape = tuple(grad_input.shape)
    if pool_mode == 1:
        ops.roi_align_backward(
            grad_output,
            rois,
            shape,
            spatial_scale,
            sampling_ratio,
            aligned,
            out=grad_input,
        )
        return
    grad_input.copy_(
        ops.roi_align_max_backward(
            grad_output, rois, argmax_y, argmax_x, shape
        )
    )


def sigmoid_focal_loss_forward(input, target, weight, output, gamma, alpha):
    output.copy_(ops.sigmoid_focal_loss(input, target, weight, gamma, alpha))


def sigmoid_focal_loss_backward(
    input, target, weight, grad_input, gamma, alpha
):
    grad_input.copy_(
        ops.sigmoid_focal_loss_backward(input, target, weight, gamma, alpha)
    )


def deform_conv_forward(
    input, weight, offset, output, columns, ones, **numbers
):
    shape = _conv_shape(_V1, numbers)
    output.copy_(ops.deform_conv(input, offset, weight, shape=shape))


def deform_conv_backward_input(
    input,
    offset,
    gradOutput,
    gradInput,
    gradOffset,
    weight,
    columns,
    **numbers,
):
    inputs = dict(maps=input, offset=offset, weight=weight)
    buffers = dict(maps=gradInput, offset=gradOffset)
    _deform_conv_backward(
        gradOutput, inputs, buffers, _conv_shape(_V1, numbers)
    )


def deform_conv_backward_parameters(
    input, offset, gradOutput, gradWeight, columns, ones, scale, **numbers
):
    # mmcv does not pass the weight, on which its gradient does not depend,
    # and asks for the gradient to be added to what is there.
    inputs = dict(maps=input, offset=offset, weight=gradWeight)
    grad = empty_like(gradWeight)
    shape = _conv_shape(_V1, numbers)
    _deform_conv_backward(gradOutput, inputs, dict(weight=grad), shape)
    gradWeight.add_(grad, alpha=scale)


def modulated_deform_conv_forward(
    input,
    weight,
    bias,
    ones,
    offset,
    mask,
    output,
    columns,
    with_bias,
    **numbers,
):
    shape = _conv_shape(_V2, numbers)
    bias = bias if with_bias else None
    output.copy_(
        ops.deform_conv(input, offset, weight, mask, bias, shape=shape)
    )


def modulated_deform_conv_backward(
    input,
    weight,
    bias,
    ones,
    offset,
    mask,
    columns,
    grad_input,
    grad_weight,
    grad_bias,
    grad_offset,
    grad_mask,
    grad_output,
    with_bias,
    **numbers,
):
    inputs = dict(maps=input, offset=offset, weight=weight, mask=mask)
    buffers = dict(
        maps=grad_input, offset=grad_offset, weight=grad_weight, mask=grad_mask
    )
    if with_bias:
        inputs['bias'] = bias
        buffers['bias'] = grad_bias
    _deform_conv_backward(
        grad_output, inputs, buffers, _conv_shape(_V2, numbers)
    )


def _conv_shape(
    names: tuple[tuple[str, str], ...], numbers: dict[str, int]
) -> ConvShape:
    pairs = [tuple(numbers[name] for name in pair) for pair in names]
    return ConvShape(*pairs, numbers['group'], numbers['deformable_group'])


def _deform_conv_backward(
    grad_output: Tensor,
    inputs: dict[str, Tensor],
    buffers: dict[str, Tensor],
    shape: ConvShape,
) -> None:
    grads = ops.deform_conv_backward(
        grad_output, inputs, tuple(buffers), shape
    )
    for buffer, grad in zip(buffers.values(), grads):
        buffer.copy_(grad)


def __getattr__(name: str) -> Callable[..., NoReturn]:
    """A stand-in for every other operator: mmcv asks for their presence on
    import, and most of them are never called."""
    if name.startswith('__'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

    def missing_operator(*args, **kwargs) -> NoReturn:
        raise NotImplementedError(
            f"mmcv operator '{name}' is not among those that portable_ops "
            'offers. Install compiled mmcv in place of mmcv-lite: pip '
            'uninstall mmcv-lite portable-ops, then mim install "mmcv<2.2".'
        )

    return missing_operator
