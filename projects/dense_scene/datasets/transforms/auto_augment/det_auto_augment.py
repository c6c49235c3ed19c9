"""The learned augmentation policies for detection."""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from .canvas import Canvas
from .steps import apply_steps, parse_policy

# One entry for each box; they follow the boxes that are dropped.
_PER_BOX = ('gt_bboxes_labels', 'gt_ignore_flags', 'gt_instances_ids')
_NOT_MOVED = ('gt_masks', 'gt_seg_map', 'gt_keypoints', 'proposals')


@TRANSFORMS.register_module()
class DetAutoAugment(BaseTransform):
    r"""Apply a random sub-policy of a learned detection policy.

    `Learning Data Augmentation Strategies for Object Detection
    <https://arxiv.org/abs/1906.11172>`_ (Zoph et al. 2019), with the policies
    and the magnitudes of the authors' TensorFlow code. Put it right behind
    the annotations are loaded, before the image is resized: translation and
    cutout are in pixels of the photo.

    At level :math:`L`, 0 to 10: Color, Contrast, Brightness and Sharpness
    have the factor :math:`0.18 L + 0.1`; Posterize keeps
    :math:`\lfloor 0.4 L \rfloor` bits, but at least one; Solarize inverts
    from :math:`\lfloor 25.6 L \rfloor` on; SolarizeAdd adds
    :math:`\lfloor 11 L \rfloor` below 128. ``Rotate_*`` turns by
    :math:`\pm 3 L` degrees about the centre, ``Shear*`` shifts by
    :math:`\pm 0.03 L` pixels per pixel, ``Translate*_BBox`` moves by
    :math:`\pm 25 L` pixels and ``Translate*_Only_BBoxes`` by
    :math:`\pm 12 L`. Cutout greys out a square of :math:`20 L` pixels a
    side, Cutout_Only_BBoxes one of :math:`10 L` in the box, BBox_Cutout
    :math:`0.075 L` of the sides of one box. AutoContrast, Equalize and Flip
    have no level. Pixels from outside are 128, the nearest pixel is taken,
    the sign is random. ``*_BBox`` moves the image and the boxes.
    ``*_Only_BBoxes`` leaves the boxes where they are and changes, in each with
    a third of the probability, the pixels whose centres lie in it. Lengths in
    pixels are multiplied by ``pixel_scale``.

    Moved boxes become the hull of their moved corners, cut at the image's
    edges; those with no area left are dropped with their labels and flags.

    Differs from

    - the authors' code: Contrast blends with the mean grey, as in Pillow
      (theirs adds up the histogram's counts, which is white on any photo);
      boxes that leave the image are dropped (theirs become strips at its
      edge); the last row and column after a box are not part of it.
    - PaddleDetection's port: each operation has its own probability (there
      all have 0.5), and pixels outside the boxes stay the same (there each
      changed box adds 1 to all others, 255 becoming 0).
    - ``mmdet.AutoAugment``: its policies are for classification and its
      space has no operation on boxes only; there translation is a share of
      the image, shearing an angle, levels are rounded to one decimal, and
      pixels are interpolated.

    The given image is not written to; an image that no operation changes is
    passed on as it is.

    Args:
        policy (str | Sequence): ``'v0'`` (of the paper), ``'v1'`` (what
            PaddleDetection trains with), ``'v2'``, ``'v3'``, or a list of
            sub-policies, each a list of ``(operation, probability, level)``
            or of ``dict(type=operation, prob=probability, level=level)``.
            One sub-policy is drawn per image, all alike. Defaults to 'v1'.

    Shape:
        Reads ``img``, (H, W, 3) uint8 BGR; ``gt_bboxes``, (N, 4) xyxy pixels,
        HorizontalBoxes, tensor or array; ``gt_bboxes_labels``,
        ``gt_ignore_flags`` and ``gt_instances_ids``, (N,); and
        ``pixel_scale``, the width and the
        height of ``img`` over those at full resolution. All but ``img`` are
        optional; ``pixel_scale`` is (1, 1) where it is absent. Changes all
        but the last, and ``homography_matrix`` where pixels are moved.

    Raises:
        TypeError, ValueError: When built: if ``policy`` is malformed, a name
            unknown or a number out of range. When called: if ``img``,
            ``gt_bboxes`` or ``pixel_scale`` is not as above, or there are
            masks, keypoints or proposals, which it does not move.

    Example:
        >>> train_pipeline = [
        ...     dict(type='LoadImageFromFile'),
        ...     dict(type='LoadAnnotations', with_bbox=True),
        ...     dict(type='DetAutoAugment', policy='v1'),
        ...     dict(type='Resize', scale=(1333, 800), keep_ratio=True),
        ...     dict(type='RandomFlip', prob=0.5),
        ...     dict(type='PackDetInputs'),
        ... ]
        >>> own = dict(
        ...     type='DetAutoAugment',
        ...     policy=[
        ...         [('Color', 1.0, 6), ('Equalize', 0.5, 0)],
        ...         [('Rotate_BBox', 0.8, 10)],
        ...     ],
        ... )
    """

    def __init__(self, policy: str | Sequence = 'v1') -> None:
        self.policy = policy
        self.sub_policies = parse_policy(policy)

    @cache_randomness
    def _draw_seed(self) -> int:
        """The one number drawn from NumPy's global generator per image."""
        return int(np.random.randint(2**63 - 1, dtype=np.int64))

    def transform(self, results: dict) -> dict:
        """Change the image and the boxes of ``results``."""
        image = _check_image(results.get('img'))
        for key in _NOT_MOVED:
            if results.get(key) is not None:
                raise ValueError(
                    f'DetAutoAugment moves boxes only, but got {key}. Load '
                    'annotations with boxes alone, or use '
                    'mmdet.AutoAugment.'
                )
        boxes = results.get('gt_bboxes')
        canvas = Canvas(
            image,
            _to_array(boxes),
            _check_scale(results.get('pixel_scale', (1.0, 1.0))),
        )
        rng = np.random.default_rng(self._draw_seed())
        steps = self.sub_policies[rng.integers(len(self.sub_policies))]
        apply_steps(canvas, steps, rng)
        results['img'] = canvas.image
        if canvas.moved:
            _update(results, boxes, canvas)
        return results

    def __repr__(self) -> str:
        if isinstance(self.policy, str):
            policy = repr(self.policy)
        else:
            policy = str([[tuple(s) for s in p] for p in self.sub_policies])
        return f'{type(self).__name__}(policy={policy})'


def _check_image(image: Any) -> np.ndarray:
    if (
        isinstance(image, np.ndarray)
        and image.dtype == np.uint8
        and image.ndim == 3
        and image.shape[2] == 3
        and image.size
    ):
        return image
    given = type(image).__name__
    if isinstance(image, np.ndarray):
        given = f'{image.dtype} of shape {image.shape}'
    raise ValueError(
        'DetAutoAugment needs img as uint8 of shape (H, W, 3), BGR, but got '
        f"{given}. Load the image with color_type='color' and "
        'to_float32=False, and put DetAutoAugment before normalisation.'
    )


def _check_scale(scale: Any) -> tuple[float, float]:
    pair = np.asarray(scale).tolist()
    if (
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(x, Real) and 0 < x < math.inf for x in pair)
    ):
        return float(pair[0]), float(pair[1])
    raise ValueError(
        'pixel_scale must be two positive numbers, the width and the height '
        f'of img over those at full resolution, but got {scale!r}. Leave it '
        'out for (1, 1).'
    )


def _to_array(boxes: Any) -> np.ndarray:
    if boxes is None:
        return np.zeros((0, 4))
    if isinstance(boxes, HorizontalBoxes):
        boxes = boxes.tensor
    if isinstance(boxes, torch.Tensor):
        boxes = boxes.detach().cpu().numpy()
    if not isinstance(boxes, np.ndarray):
        raise TypeError(
            'gt_bboxes must be HorizontalBoxes, a tensor or an array, but '
            f"got {type(boxes).__name__}. Use LoadAnnotations' default "
            "box_type='hbox'."
        )
    if boxes.size % 4 or (boxes.size and boxes.shape[1:] != (4,)):
        raise ValueError(
            'gt_bboxes must have the shape (N, 4), xyxy, but '
            f'got {tuple(boxes.shape)}. Correct it.'
        )
    return boxes


def _update(results: dict, boxes: Any, canvas: Canvas) -> None:
    """Write the moved boxes, what belongs to them, and the matrix."""
    before = results.get('homography_matrix')
    matrix = canvas.matrix if before is None else canvas.matrix @ before
    results['homography_matrix'] = matrix.astype(np.float32)
    if boxes is None:
        return
    if isinstance(boxes, HorizontalBoxes):
        moved = torch.from_numpy(canvas.boxes).to(boxes.tensor)
        results['gt_bboxes'] = HorizontalBoxes(moved, clone=False)
    elif isinstance(boxes, torch.Tensor):
        dtype = boxes.dtype if boxes.is_floating_point() else torch.float32
        moved = torch.from_numpy(canvas.boxes)
        results['gt_bboxes'] = moved.to(boxes.device, dtype)
    else:
        dtype = boxes.dtype if boxes.dtype.kind == 'f' else np.float32
        results['gt_bboxes'] = canvas.boxes.astype(dtype)
    for key in _PER_BOX:
        if results.get(key) is not None:
            results[key] = results[key][canvas.kept]
