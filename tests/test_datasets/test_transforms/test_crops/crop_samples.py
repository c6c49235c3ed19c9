"""Samples to cut, and checks that every crop must pass."""

import numpy as np
from mmdet.structures.bbox import HorizontalBoxes
from torch import Tensor


def make_sample(
    boxes: Tensor,
    size: tuple[int, int] = (100, 80),
    ignored: list[int] = (),
    channels: int = 3,
) -> dict:
    """What LoadAnnotations leaves; no two pixels or labels are alike."""
    width, height = size
    image = np.arange(width * height, dtype=np.int32).reshape(height, width)
    if channels:
        image = np.stack([image] * channels, axis=2)
    flags = np.zeros(len(boxes), bool)
    flags[list(ignored)] = True
    return dict(
        img=image,
        img_shape=(height, width),
        ori_shape=(2 * height, 2 * width),
        scale_factor=(0.5, 0.5),
        gt_bboxes=HorizontalBoxes(boxes.float()),
        gt_bboxes_labels=np.arange(len(boxes)),
        gt_ignore_flags=flags,
    )


def boxes_of(results: dict) -> list[list[float]]:
    return results['gt_bboxes'].tensor.tolist()


def window_of(results: dict) -> tuple[int, int, int, int]:
    """The window in the sample's first image, read off its first pixel."""
    width = results['ori_shape'][1] // 2
    first = int(results['img'].reshape(-1)[0])
    height, own_width = results['img'].shape[:2]
    x, y = first % width, first // width
    return x, y, x + own_width, y + height
