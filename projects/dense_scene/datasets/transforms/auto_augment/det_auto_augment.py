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
    r"""Apply a random sub-policy of a learned detection policy.

    `Learning Data Augmentation Strategies for Object Detection
    <https://arxiv.org/abs/1906.11172>`_ (Zoph et al. 2019), with the policies
    and the magnitudes of the authors' TensorFlow code. Put it before the
    image is resized, as ``auto_augment`` of :class:`LoadAndResize` does:
    translation and cutout are in pixels of the photo.

    At level :math:`L`, 0 to 10: Color, Contrast, Brightness and Sharpness
    have the factor :math:`0.18 L + 0.1`; Posterize keeps
    :math:`\lfloor 0.4 L \rfloor` bits, but at least one; Solarize inverts
    :math:`\lfloor 25.6 L \rfloor` and more; SolarizeAdd adds
    :math:`\lfloor 11 L \rfloor` below 128. ``Rotate_*`` turns by
    :math:`\pm 3 L` degrees about the center, ``Shear*`` shifts by
    :math:`\pm 0.03 L` pixels per pixel, ``Translate*_BBox`` moves by
    :math:`\pm 25 L` pixels and ``Translate*_Only_BBoxes`` by
    :math:`\pm 12 L`. Cutout grays out a square of :math:`20 L` pixels a
    side, Cutout_Only_BBoxes one of :math:`10 L` in the box, BBox_Cutout
    :math:`0.075 L` of the sides of one box. AutoContrast, Equalize and Flip
    have no level. Pixels from outside are 128, the nearest pixel is taken,
    the sign is random. ``*_BBox`` moves the image and the boxes.
    ``*_Only_BBoxes`` leaves the boxes where they are and changes, in each with
    a third of the probability, the pixels whose centers lie in it.

    Moved boxes become the hull of their moved corners, cut at the image's
    edges; those with no area left are dropped with their labels and flags.
    The given image is not written to. How this differs from the authors'
    code, PaddleDetection and ``mmdet.AutoAugment``: docs/paper-notes.md.

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

    Raises:
        TypeError, ValueError: If ``policy`` is malformed, ``img`` or
            ``gt_bboxes`` is not as above, or there are masks, keypoints or
            proposals, which it does not move.

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
    raise ValueError(
        'DetAutoAugment must get img as uint8 of shape (H, W, 3), BGR, but '
        f"got {given}. Load the image with color_type='color' and "
        'to_float32=False, and put DetAutoAugment before normalization.'
    )
