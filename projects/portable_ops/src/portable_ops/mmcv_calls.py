"""Operators of single model families, as mmcv calls them.

``mmcv/_ext.py`` takes these over; see there for the conventions.
"""

from torch import Tensor

from portable_ops import sync_bn
from portable_ops.box_overlaps import bbox_overlaps as _bbox_overlaps
from portable_ops.box_overlaps import nms_match as _nms_match
from portable_ops.carafe import carafe
from portable_ops.carafe import carafe_backward as _carafe_backward
from portable_ops.deform_roi_pool import deform_roi_pool
from portable_ops.deform_roi_pool import (
    deform_roi_pool_backward as _deform_roi_pool_backward,
)
from portable_ops.masked_conv import masked_col2im, masked_im2col
from portable_ops.ms_deform_attn import ms_deform_attn
from portable_ops.ms_deform_attn import (
    ms_deform_attn_backward as _ms_deform_attn_backward,
)
from portable_ops.nms_rotated import nms_rotated as _nms_rotated
from portable_ops.roi_pool import roi_pool
from portable_ops.roi_pool import roi_pool_backward as _unpool
from portable_ops.rotated import box_iou_rotated as _box_iou_rotated

__all__ = [
    'bbox_overlaps',
    'nms_match',
    'box_iou_rotated',
    'nms_rotated',
    'ms_deform_attn_forward',
    'ms_deform_attn_backward',
    'masked_im2col_forward',
    'masked_col2im_forward',
    'carafe_naive_forward',
    'carafe_naive_backward',
    'carafe_forward',
    'carafe_backward',
    'deform_roi_pool_forward',
    'deform_roi_pool_backward',
    'roi_pool_forward',
    'roi_pool_backward',
    'sync_bn_forward_mean',
    'sync_bn_forward_var',
    'sync_bn_forward_output',
    'sync_bn_backward_param',
    'sync_bn_backward_data',
]
_MODES = ('iou', 'iof')


def bbox_overlaps(bboxes1, bboxes2, ious, mode, aligned, offset):
    ious.copy_(_bbox_overlaps(bboxes1, bboxes2, _MODES[mode], aligned, offset))


def nms_match(dets, iou_threshold):
    return _nms_match(dets, iou_threshold)


def box_iou_rotated(boxes1, boxes2, ious, mode_flag, aligned):
    found = _box_iou_rotated(boxes1, boxes2, _MODES[mode_flag], aligned)
    ious.copy_(found.flatten())


def nms_rotated(
    dets, scores, order, dets_sorted, labels, iou_threshold, multi_label
):
    # With labels mmcv appends them to the boxes as a sixth column.
    labels = dets[:, 5] if multi_label else None
    return _nms_rotated(dets[:, :5], scores, iou_threshold, labels)


def ms_deform_attn_forward(
    value,
    value_spatial_shapes,
    value_level_start_index,
    sampling_locations,
    attention_weights,
    im2col_step,
):
    return ms_deform_attn(
        value, value_spatial_shapes, sampling_locations, attention_weights
    )


def ms_deform_attn_backward(
    value,
    value_spatial_shapes,
    value_level_start_index,
    sampling_locations,
    attention_weights,
    grad_output,
    grad_value,
    grad_sampling_loc,
    grad_attn_weight,
    im2col_step,
):
    grads = _ms_deform_attn_backward(
        value,
        value_spatial_shapes,
        sampling_locations,
        attention_weights,
        grad_output,
    )
    _fill((grad_value, grad_sampling_loc, grad_attn_weight), grads)


def masked_im2col_forward(
    im, mask_h_idx, mask_w_idx, col, kernel_h, kernel_w, pad_h, pad_w
):
    kernel, padding = (kernel_h, kernel_w), (pad_h, pad_w)
    col.copy_(masked_im2col(im, mask_h_idx, mask_w_idx, kernel, padding))


def masked_col2im_forward(
    col, mask_h_idx, mask_w_idx, im, height, width, channels
):
    im.copy_(masked_col2im(col, mask_h_idx, mask_w_idx, (height, width)))


def carafe_naive_forward(
    features, masks, output, kernel_size, group_size, scale_factor
):
    output.copy_(
        carafe(features, masks, kernel_size, group_size, scale_factor)
    )


def carafe_naive_backward(
    top_grad,
    features,
    masks,
    bottom_grad,
    mask_grad,
    kernel_size,
    group_size,
    scale_factor,
):
    numbers = (kernel_size, group_size, scale_factor)
    grads = _carafe_backward(top_grad, features, masks, *numbers)
    _fill((bottom_grad, mask_grad), grads)


def carafe_forward(
    features,
    masks,
    rfeatures,
    routput,
    rmasks,
    output,
    kernel_size,
    group_size,
    scale_factor,
):
    # mmcv gives `rfeatures`, its copy in the order of its kernel, and not
    # the features to the gradient.
    rfeatures.copy_(features)
    output.copy_(
        carafe(features, masks, kernel_size, group_size, scale_factor)
    )


def carafe_backward(
    top_grad,
    rfeatures,
    masks,
    rtop_grad,
    rbottom_grad_hs,
    rbottom_grad,
    rmask_grad,
    bottom_grad,
    mask_grad,
    kernel_size,
    group_size,
    scale_factor,
):
    numbers = (kernel_size, group_size, scale_factor)
    grads = _carafe_backward(top_grad, rfeatures, masks, *numbers)
    _fill((bottom_grad, mask_grad), grads)


def deform_roi_pool_forward(
    input,
    rois,
    offset,
    output,
    pooled_height,
    pooled_width,
    spatial_scale,
    sampling_ratio,
    gamma,
):
    settings = (pooled_height, pooled_width), spatial_scale, sampling_ratio
    offset = offset if offset.numel() else None  # mmcv's word for none
    output.copy_(deform_roi_pool(input, rois, offset, *settings, gamma))


def deform_roi_pool_backward(
    grad_output,
    input,
    rois,
    offset,
    grad_input,
    grad_offset,
    pooled_height,
    pooled_width,
    spatial_scale,
    sampling_ratio,
    gamma,
):
    settings = (pooled_height, pooled_width), spatial_scale, sampling_ratio
    grads = _deform_roi_pool_backward(
        grad_output,
        input,
        rois,
        offset if offset.numel() else None,
        *settings,
        gamma,
    )
    grad_input.copy_(grads[0])
    if grads[1] is not None:
        grad_offset.copy_(grads[1])


def roi_pool_forward(
    input, rois, output, argmax, pooled_height, pooled_width, spatial_scale
):
    size = (pooled_height, pooled_width)
    _fill((output, argmax), roi_pool(input, rois, size, spatial_scale))


def roi_pool_backward(
    grad_output,
    rois,
    argmax,
    grad_input,
    pooled_height,
    pooled_width,
    spatial_scale,
):
    grad_input.copy_(_unpool(grad_output, rois, argmax, grad_input.shape))


def sync_bn_forward_mean(input, mean):
    mean.copy_(sync_bn.batch_mean(input))


def sync_bn_forward_var(input, mean, var):
    var.copy_(sync_bn.batch_variance(input, mean))


def sync_bn_forward_output(
    input,
    mean,
    var,
    weight,
    bias,
    running_mean,
    running_var,
    norm,
    std,
    output,
    eps,
    momentum,
    group_size,
):
    found = sync_bn.normalize(input, mean, var, weight, bias, eps)
    _fill((output, norm, std), found)
    count = input.shape[0] * input.shape[2] * group_size
    sync_bn.update_running(running_mean, mean, momentum)
    sync_bn.update_running(running_var, sync_bn.unbiased(var, count), momentum)


def sync_bn_backward_param(grad_output, norm, grad_weight, grad_bias):
    found = sync_bn.gradients_of_parameters(grad_output, norm)
    _fill((grad_weight, grad_bias), found)


def sync_bn_backward_data(
    grad_output, weight, grad_weight, grad_bias, norm, std, grad_input
):
    grad_input.copy_(
        sync_bn.gradient_of_input(
            grad_output, weight, grad_weight, grad_bias, norm, std
        )
    )


def _fill(buffers: tuple[Tensor, ...], results: tuple[Tensor, ...]) -> None:
    for buffer, result in zip(buffers, results):
        buffer.copy_(result)
