"""The two operators of a detector that torch.export cannot look into."""

from collections.abc import Callable, Sequence

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


@torch.library.custom_op('dense_scene::pyramid_roi_align', mutates_args=())
def pyramid_roi_align(
    features: Sequence[Tensor],
    rois: Tensor,
    level: Tensor,
    size: int,
    scales: Sequence[float],
    samples: int,
    aligned: bool,
) -> tuple[Tensor, Tensor]:
    """mmcv's RoIAlign with mean pooling, of one image and its levels.

    The result goes level by level: to put 3,000 x 256 x 7 x 7 features in
    order takes longer than to pool them.

    Args:
        features (Sequence[Tensor]): L of (1, C, H, W).
        rois (Tensor): (N, 4), xyxy, pixels of the image.
        level (Tensor): (N, ) int64, the level of each RoI.
        size (int): Side of the output.
        scales (Sequence[float]): Of each level to the image.
        samples (int): Points of a bin in a direction; 0: as many as it has
            pixels.
        aligned (bool): Whether pixels have their centers at one half.

    Returns:
        tuple[Tensor, Tensor]: (N, C, size, size), and (N, ) int64, the row of
        each RoI in it.
    """
    order = level.argsort(stable=True)
    padded = torch.cat([rois.new_zeros(len(rois), 1), rois], dim=1)
    parts = [
        mmcv_roi_align(
            feature,
            padded[level == number],
            *((size, size), scale, samples, 'avg', aligned),
        )
        for number, (feature, scale) in enumerate(zip(features, scales))
    ]
    return torch.cat(parts), order.argsort()


@pyramid_roi_align.register_fake
def _(
    features: Sequence[Tensor],
    rois: Tensor,
    level: Tensor,
    size: int,
    scales: Sequence[float],
    samples: int,
    aligned: bool,
) -> tuple[Tensor, Tensor]:
    shape = rois.shape[0], features[0].shape[1], size, size
    return rois.new_empty(shape), torch.empty_like(level)


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

    def to_roi_align(features, rois, level, size, scales, samples, aligned):
        mode = 'half_pixel' if aligned else 'output_half_pixel'
        parts, rows = [], []
        for number, (feature, scale) in enumerate(zip(features, scales)):
            here = op.Equal(level, op.Constant(value_int=number))
            rows.append(op.Squeeze(op.NonZero(here), [0]))
            count = op.Shape(rows[-1])
            pooled = op.RoiAlign(
                feature,
                op.Gather(rois, rows[-1]),
                op.Expand(op.Constant(value_ints=[0]), count),
                coordinate_transformation_mode=mode,
                mode='avg',
                output_height=size,
                output_width=size,
                sampling_ratio=samples,
                spatial_scale=scale,
            )
            parts.append(pooled)
        order = op.Concat(*rows, axis=0)
        # The inverse of a permutation is its argsort.
        count = op.Shape(order)
        _, place = op.TopK(order, count, axis=0, largest=0, sorted=1)
        return op.Concat(*parts, axis=0), place

    library = torch.ops.dense_scene
    return {
        library.nms.default: to_nms,
        library.pyramid_roi_align.default: to_roi_align,
    }
