"""MixUp of two whole images."""

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import autocast_box_type

from ....utils import checks


def blend(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """share * first + (1 - share) * second, on black, top left on top left.

    Args:
        first, second (np.ndarray): (H, W, 3) uint8, of any two sizes.
        share (float): 0 to 1.

    Returns:
        np.ndarray: uint8, as high and as wide as the larger of the two. Values
        are rounded (PaddleDetection cuts fractions off).
    """
    size = (*np.maximum(first.shape[:2], second.shape[:2]), 3)
    # In bytes: photos of many megapixels take eight times as long in floats.
    canvases = np.zeros((2, *size), np.uint8)
    for canvas, image in zip(canvases, (first, second)):
        canvas[: image.shape[0], : image.shape[1]] = image
    return cv2.addWeighted(canvases[0], share, canvases[1], 1 - share, 0)


@TRANSFORMS.register_module()
class BetaMixUp(BaseTransform):
    """Blend an image with another one and weight the boxes of both.

    Source: `Bag of Freebies for Training Object Detection Neural Networks
    <https://arxiv.org/abs/1902.04103>`_, as in PP-YOLO: a share drawn from
    Beta(1.5, 1.5) for the first image and its boxes, the rest for the second.
    Both keep their sizes (mmdet's ``MixUp`` is YOLOX's: half and half, the
    second one resized, flipped and cropped, no weights).

    For ``MultiImageMixDataset``. Boxes of both are kept, whole, those of the
    first before those of the second. Behind it ``KeepBoxScores`` holds what
    changes boxes, and ``PackScoredInputs`` packs.

    Required keys: img, gt_bboxes, gt_bboxes_labels, gt_ignore_flags,
    mix_results. Modified: img, img_shape, gt_bboxes, gt_bboxes_labels,
    gt_ignore_flags. Added: gt_scores, (N, ) float32.

    Args:
        alpha (float): Of Beta(alpha, beta). Defaults to 1.5.
        beta (float): Defaults to 1.5.
    """

    def __init__(self, alpha: float = 1.5, beta: float = 1.5) -> None:
        self.alpha = checks.number('alpha', alpha, '(0, inf)')
        self.beta = checks.number('beta', beta, '(0, inf)')

    @cache_randomness
    def get_indexes(self, dataset) -> int:
        """Index of the second image."""
        return np.random.randint(len(dataset))

    @cache_randomness
    def draw_share(self) -> float:
        """The first image's share."""
        return float(np.random.beta(self.alpha, self.beta))

    @autocast_box_type()
    def transform(self, results: dict) -> dict:
        """Blend ``results`` with the one in its ``mix_results``."""
        (other,) = results['mix_results']
        share = self.draw_share()
        results['img'] = blend(results['img'], other['img'], share)
        results['img_shape'] = results['img'].shape[:2]
        counts = [len(r['gt_bboxes_labels']) for r in (results, other)]
        shares = np.array([share, 1 - share], np.float32)
        results['gt_scores'] = np.repeat(shares, counts)
        boxes = results['gt_bboxes']
        results['gt_bboxes'] = boxes.cat([boxes, other['gt_bboxes']])
        for name in ('gt_bboxes_labels', 'gt_ignore_flags'):
            results[name] = np.concatenate((results[name], other[name]))
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(alpha={self.alpha}, beta={self.beta})'
