"""Finish what LoadImageForScale began."""

import mmcv
from mmdet.datasets.transforms import Resize
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import autocast_box_type

from .load_image_for_scale import refuse_masks


@TRANSFORMS.register_module()
class ResizeToDrawnScale(Resize):
    """Resize to the size that :class:`LoadImageForScale` drew.

    Differs from ``mmdet.Resize``: the size comes from the sample, and what
    counts is the full image. An image that kept its shape since it was loaded
    gets exactly the size that ``Resize`` makes of the full image. One whose
    shape another transform changed is magnified as much, so that a crop is no
    larger in objects than the image would have been. ``scale_factor`` is from
    the full image to the result, as if there had been no reduced decoding.

    Args:
        clip_object_border (bool): Of ``Resize``. Defaults to True.
        interpolation (str): Of ``Resize``. Defaults to 'bilinear'.
        backend (str): Of ``Resize``. Defaults to 'cv2'.

    Shape:
        Reads ``img``, ``ori_shape``, ``drawn_shape``, ``pixel_scale`` and,
        where present, ``gt_bboxes``. Changes ``img``, ``img_shape``,
        ``gt_bboxes``, ``homography_matrix`` and ``pixel_scale``, which then
        is that of the result; adds ``scale_factor``, (x, y).

    Raises:
        ValueError: If no ``LoadImageForScale`` came before, or there are
            masks.

    Example:
        >>> dict(type='ResizeToDrawnScale')
    """

    def __init__(
        self,
        clip_object_border: bool = True,
        interpolation: str = 'bilinear',
        backend: str = 'cv2',
    ) -> None:
        # Resize wants a scale. It is not used: each sample has its own.
        super().__init__(
            scale=(1, 1),
            clip_object_border=clip_object_border,
            interpolation=interpolation,
            backend=backend,
        )

    @autocast_box_type()
    def transform(self, results: dict) -> dict:
        """Resize image and boxes."""
        if 'drawn_shape' not in results:
            raise ValueError(
                'ResizeToDrawnScale needs the size that LoadImageForScale '
                'drew, but got no drawn_shape. Begin the pipeline with '
                'LoadImageForScale, or use RandomChoiceResize.'
            )
        refuse_masks(results, type(self).__name__)
        self._resize_img(results)
        self._resize_bboxes(results)
        self._record_homography_matrix(results)
        # Up to here the factor was that from the reduced image.
        results['scale_factor'] = results['pixel_scale']
        return results

    def _resize_img(self, results: dict) -> None:
        """Resize the image, and say by how much this time and in all."""
        present = results['img'].shape[1::-1]
        full, drawn = results['ori_shape'][::-1], results['drawn_shape'][::-1]
        reduced = results['pixel_scale']
        if all(round(f * r) == p for f, r, p in zip(full, reduced, present)):
            size, factor = drawn, _quotient(drawn, full)
        else:
            size = tuple(
                max(1, round(p * d / (f * r)))
                for p, d, f, r in zip(present, drawn, full, reduced)
            )
            factor = tuple(
                s / p * r for s, p, r in zip(size, present, reduced)
            )
        if size != present:
            results['img'] = mmcv.imresize(
                results['img'],
                size,
                interpolation=self.interpolation,
                backend=self.backend,
            )
        results['img_shape'] = size[::-1]
        results['scale_factor'] = _quotient(size, present)
        results['pixel_scale'] = factor

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}('
            f'clip_object_border={self.clip_object_border}, '
            f'interpolation={self.interpolation!r}, '
            f'backend={self.backend!r})'
        )


def _quotient(
    over: tuple[int, int], under: tuple[int, int]
) -> tuple[float, float]:
    return over[0] / under[0], over[1] / under[1]
