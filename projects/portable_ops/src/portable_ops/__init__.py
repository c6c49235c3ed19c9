"""The mmcv operators that MMDetection's detectors need, in PyTorch.

Pure functions: tensors in, tensors out. ``mmcv/_ext.py``, which this
distribution lays beside mmcv-lite, adapts them to mmcv's calling convention.
"""

from portable_ops.deform_conv import deform_conv, deform_conv_backward
from portable_ops.focal_loss import (
    sigmoid_focal_loss,
    sigmoid_focal_loss_backward,
)
from portable_ops.nms import nms
from portable_ops.roi_align import roi_align, roi_align_backward
from portable_ops.roi_align_max import roi_align_max, roi_align_max_backward
from portable_ops.soft_nms import soft_nms

__all__ = [
    'deform_conv',
    'deform_conv_backward',
    'nms',
    'roi_align',
    'roi_align_backward',
    'roi_align_max',
    'roi_align_max_backward',
    'sigmoid_focal_loss',
    'sigmoid_focal_loss_backward',
    'soft_nms',
]
