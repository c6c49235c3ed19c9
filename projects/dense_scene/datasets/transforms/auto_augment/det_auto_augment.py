"""The learned augmentation policies for detection."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes, autocast_box_type

from ..sample_boxes import keep_rows, record_move, require_boxes_alone
from .canvas import Canvas
from .steps import apply_steps, parse_policy


@TRANSFORMS.register_module()
class DetAutoAugment(BaseTransform):
    """Apply a random sub-policy of a learned detection policy.

    `Learning Data Augmentation Strategies for Object Detection
    <https://arxiv.org/abs/1906.11172>`_ (Zoph et al. 2019), with the policies
    and the magnitudes of the authors' TensorFlow code. Put it before the
    image is resized, as ``auto_augment`` of :class:`LoadAndResize` does:
    translation and cutout are in pixels of the photo. What each operation
    does at a level: docs/data.md; how this differs from the authors' code,
    PaddleDetection and ``mmdet.AutoAugment``: docs/paper-notes.md.

    ``*_BBox`` moves the image and the boxes, which become the hull of their
    moved corners, cut at the image's edges; those with no area left are
    dropped with their labels and flags. ``*_Only_BBoxes`` leaves the boxes
    where they are and changes, in each with a third of the probability, the
    pixels whose centers lie in it. The given image is not written to.

    Args:
        policy (str | Sequence): ``'v0'`` (of the paper), ``'v1'`` (what
            PaddleDetection trains with), ``'v2'``, ``'v3'``, or a list of
            sub-policies, each a list of ``(operation, probability, level)``
            or of ``dict(type=operation, prob=probability, level=level)``.
            One sub-policy is drawn per image, all alike. Defaults to 'v1'.

    Shape:
        Reads ``img``, (H, W, 3) uint8 BGR, and, where present,
        ``gt_bboxes``, (N, 4) xyxy pixels, HorizontalBoxes or array, and
        ``gt_bboxes_labels``, ``gt_ignore_flags`` and ``gt_instances_ids``,
        (N,). Changes all of them, and ``homography_matrix`` where pixels are
        moved.

    Example:
        >>> train_pipeline = [
        ...     dict(type='LoadImageFromFile'),
        ...     dict(type='LoadAnnotations', with_bbox=True),
        ...     dict(type='DetAutoAugment', policy='v1'),
        ...     dict(type='Resize', scale=(1333, 800), keep_ratio=True),
        ...     dict(type='RandomFlip', prob=0.5),
        ...     dict(type='PackDetInputs'),
        ... ]
        >>> own = [[('Color', 1.0, 6), ('Equalize', 0.5, 0)], []]
    """

    def __init__(self, policy: str | Sequence = 'v1') -> None:
        self.policy = policy
        self.sub_policies = parse_policy(policy)

    @cache_randomness
    def _draw_seed(self) -> int:
        """The one number drawn from NumPy's global generator per image."""
        return int(np.random.randint(2**63 - 1, dtype=np.int64))

    @autocast_box_type()
    def transform(self, results: dict) -> dict:
        """Change the image and the boxes of ``results``."""
        _check_image(results.get('img'))
        self.augment(results)
        return results

    def augment(
        self, results: dict, photo_size: tuple[int, int] | None = None
    ) -> None:
        """Change ``results`` in place, where ``img`` may be reduced.

        ``gt_bboxes`` are in pixels of the photo, whose width and height are
        ``photo_size``; None means that they are those of ``img``.
        """
        require_boxes_alone(results, 'DetAutoAugment')
        boxes = results.get('gt_bboxes')
        given = np.zeros((0, 4)) if boxes is None else boxes.numpy()
        canvas = Canvas(results['img'], given, photo_size)
        rng = np.random.default_rng(self._draw_seed())
        steps = self.sub_policies[rng.integers(len(self.sub_policies))]
        apply_steps(canvas, steps, rng)
        results['img'] = canvas.image
        if not canvas.moved:
            return
        record_move(results, canvas.matrix)
        if boxes is not None:
            moved = torch.from_numpy(canvas.boxes).to(boxes.tensor)
            results['gt_bboxes'] = HorizontalBoxes(moved, clone=False)
            keep_rows(results, canvas.kept)

    def __repr__(self) -> str:
        policy = self.policy
        if not isinstance(policy, str):
            policy = [[tuple(s) for s in part] for part in self.sub_policies]
        return f'{type(self).__name__}(policy={policy!r})'


def _check_image(image: Any) -> None:
    given = type(image).__name__
    if isinstance(image, np.ndarray):
        if image.dtype == np.uint8 and image.shape[2:] == (3,) and image.size:
            return
        given = f'{image.dtype} of shape {image.shape}'
    wanted = 'DetAutoAugment must come before normalization and get uint8'
    raise ValueError(f'{wanted} of shape (H, W, 3) as img, but got {given}.')
