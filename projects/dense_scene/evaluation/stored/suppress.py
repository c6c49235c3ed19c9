"""Non-maximum suppression of stored detections."""

import numpy as np
import torch
from mmcv.ops import batched_nms

from ..tables.detections import Detections


def suppress(detections: Detections, iou_thr: float) -> Detections:
    """What NMS leaves of each image and class.

    The op and the precision (float32) of mmdet's heads, so that raw
    detections stored at a high threshold give what a test at this one would.

    Args:
        detections (Detections): Without NaN.
        iou_thr (float): A box that overlaps a better one by more than this is
            dropped; 0 to 1.

    Returns:
        Detections: In the given order.

    Raises:
        ValueError: If the threshold is not in 0..1.
    """
    if not 0 <= iou_thr <= 1:
        raise ValueError(
            'an NMS threshold must be from 0 to 1, but got '
            f'{iou_thr}. Correct it.'
        )
    boxes = torch.from_numpy(detections.boxes).float()
    scores = torch.from_numpy(detections.scores).float()
    labels = torch.from_numpy(detections.labels)
    keep = np.zeros(len(detections), bool)
    for rows in detections.group(np.unique(detections.image_ids)):
        _, kept = batched_nms(
            boxes[rows],
            scores[rows],
            labels[rows],
            dict(type='nms', iou_threshold=iou_thr),
        )
        keep[rows[kept.numpy()]] = True
    return detections.take(keep)
