"""The two operators of a detector that torch.export cannot look into."""

from collections.abc import Callable

import torch
from mmcv.ops import nms as mmcv_nms
from mmcv.ops import roi_align as mmcv_roi_align
from torch import Tensor


@torch.library.custom_op('dense_scene::nms', mutates_args=())
def nms(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    score_threshold: float,
    max_num: int,
) -> Tensor:
    """mmcv's NMS of one class, as ONNX's NonMaxSuppression has it.

    Args:
        boxes (Tensor): (N, 4), xyxy.
        scores (Tensor): (N, ). Boxes with a score not above
            ``score_threshold`` are left out.
        iou_threshold (float): A box with a larger IoU goes.
        score_threshold (float): Any number.
        max_num (int): The best so many stay.

    Returns:
        Tensor: (K, ) int64, by falling score.
    """
    rows = (scores > score_threshold).nonzero().squeeze(1)
    if not len(rows):
        return rows
    keep = mmcv_nms(boxes[rows], scores[rows], iou_threshold)[1]
    return rows[keep[:max_num]]


@nms.register_fake
def _(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    score_threshold: float,
    max_num: int,
) -> Tensor:
    count = torch.library.get_ctx().new_dynamic_size()
    return boxes.new_empty(count, dtype=torch.int64)


@torch.library.custom_op('dense_scene::roi_align', mutates_args=())
def roi_align(
    features: Tensor,
    rois: Tensor,
    size: int,
    scale: float,
    samples: int,
    aligned: bool,
) -> Tensor:
    """mmcv's RoIAlign with mean pooling, of one image.

    Args:
        features (Tensor): (1, C, H, W).
        rois (Tensor): (N, 4), xyxy, pixels of the image.
        size (int): Side of the output.
        scale (float): Of features to image.
        samples (int): Points of a bin in a direction; 0: as many as it has
            pixels.
        aligned (bool): Whether pixels have their centers at one half.

    Returns:
        Tensor: (N, C, size, size).
    """
    rois = torch.cat([rois.new_zeros(len(rois), 1), rois], dim=1)
    output = (size, size), scale, samples, 'avg', aligned
    return mmcv_roi_align(features, rois, *output)


@roi_align.register_fake
def _(
    features: Tensor,
    rois: Tensor,
    size: int,
    scale: float,
    samples: int,
    aligned: bool,
) -> Tensor:
    return features.new_empty(rois.shape[0], features.shape[1], size, size)


def onnx_translations() -> dict[Callable, Callable]:
    """Both in ONNX, for ``torch.onnx.export``; needs onnxscript."""
    from onnxscript import opset18 as op

    def to_nms(boxes, scores, iou_threshold, score_threshold, max_num):
        # The IoU does not mind that ONNX has y before x.
        found = op.NonMaxSuppression(
            op.Unsqueeze(boxes, [0]),
            op.Unsqueeze(scores, [0, 1]),
            op.Constant(value_ints=[max_num]),
            op.Constant(value_floats=[iou_threshold]),
            op.Constant(value_floats=[score_threshold]),
        )
        return op.Squeeze(op.Slice(found, [2], [3], [1]), [1])

    def to_roi_align(features, rois, size, scale, samples, aligned):
        count = op.Slice(op.Shape(rois), [0], [1])
        batch = op.Expand(op.Constant(value_ints=[0]), count)
        mode = 'half_pixel' if aligned else 'output_half_pixel'
        return op.RoiAlign(
            features,
            rois,
            batch,
            coordinate_transformation_mode=mode,
            mode='avg',
            output_height=size,
            output_width=size,
            sampling_ratio=samples,
            spatial_scale=scale,
        )

    library = torch.ops.dense_scene
    return {
        library.nms.default: to_nms,
        library.roi_align.default: to_roi_align,
    }
