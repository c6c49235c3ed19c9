"""Load images at about the size that they will be trained at."""

import functools
import logging
from collections.abc import Sequence

import mmcv
import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import autocast_box_type
from mmengine.logging import print_log

from ...images.jpeg import (
    choose_denominator,
    decode_jpeg,
    read_jpeg_header,
    resolve_backend,
)
from .load_checked_image import LoadCheckedImage

# One line per process; workers inherit the answer and ask no more.
_say_once = functools.cache(print_log)


@TRANSFORMS.register_module()
class LoadImageForScale(LoadCheckedImage):
    """Draw the scale of a sample, then decode no more of it than that needs.

    A JPEG is decoded at 1/2, 1/4 or 1/8 where the size drawn for this sample
    asks for no enlargement in either direction; libjpeg then skips most of
    its work. Later transforms work on an array that is smaller by
    ``pixel_scale``; :class:`ResizeToDrawnScale` brings it to the size drawn.

    Takes the place of ``LoadImageFromFile``, and together with
    :class:`ResizeToDrawnScale` that of ``RandomChoiceResize``. From this pair
    it differs in three points: the scale is drawn before decoding; the
    picture is averaged over 2, 4 or 8 pixels before it is interpolated, which
    leaves less aliasing; and boxes that are in ``instances`` or
    ``gt_bboxes`` are moved to the smaller array. Sizes and ``scale_factor``
    are the same, and so are the boxes up to one rounding of float32.

    The array is the whole image and nothing else, so a point x of the full
    image lies at ``x * pixel_scale`` exactly, sides that 2, 4 or 8 does not
    divide included (see
    :func:`~dense_scene.datasets.images.jpeg.decode_jpeg`). Broken files
    are found as by :class:`LoadCheckedImage`. The EXIF orientation of a JPEG
    is applied here, the same for each backend. Files that are no JPEG,
    whatever their name, are decoded whole, as by ``LoadImageFromFile``:
    16-bit, CMYK and grey images become uint8 BGR.

    Boxes only: masks and segmentation maps are refused.

    Args:
        scales (Sequence[tuple[int, int]] | tuple[int, int]): What to draw
            from, uniformly, or the one scale: (long, short) sides for
            ``keep_ratio``, else (width, height), as in ``Resize``.
        keep_ratio (bool): Of ``Resize``. Defaults to True.
        on_error (str): ``'raise'`` or ``'skip'``, for files that are broken
            or have not the size that their annotations say (``height`` and
            ``width``); see :class:`LoadCheckedImage`. Defaults to 'raise'.
        backend (str): ``'auto'`` is PyTurboJPEG if it is there, else OpenCV;
            ``'turbojpeg'``, ``'cv2'``, ``'pillow'``. All give the same
            pixels. Defaults to 'auto'.
        backend_args (dict, optional): Of :func:`mmengine.fileio.get`.

    Shape:
        Reads ``img_path`` and, where present, ``instances``, ``gt_bboxes``,
        ``height``, ``width``. Adds ``img``, (h, w, 3) BGR uint8;
        ``img_shape``, (h, w); ``ori_shape``, (H, W) of the full upright
        image; ``pixel_scale``, (w / W, h / H); ``drawn_shape``, (height,
        width) that ``Resize`` would give; ``scale``, ``scale_idx`` and
        ``keep_ratio`` as ``RandomChoiceResize`` has them; and, if the image
        is reduced, ``homography_matrix``. ``instances`` is replaced by
        a list of scaled copies; the data set's own are left alone.

    Raises:
        ValueError: If an argument is not one of the above, if there are
            masks, or, with ``on_error='raise'``, for a file as above.

    Example:
        >>> train_pipeline = [
        ...     dict(
        ...         type='LoadImageForScale',
        ...         on_error='skip',
        ...         scales=[(1333, s) for s in range(640, 801, 32)],
        ...     ),
        ...     dict(type='LoadAnnotations', with_bbox=True),
        ...     dict(type='RandomFlip', prob=0.5),
        ...     dict(type='ResizeToDrawnScale'),
        ...     dict(type='PackDetInputs'),
        ... ]
    """

    def __init__(
        self,
        scales: Sequence[tuple[int, int]] | tuple[int, int],
        keep_ratio: bool = True,
        on_error: str = 'raise',
        backend: str = 'auto',
        backend_args: dict | None = None,
    ) -> None:
        super().__init__(on_error=on_error, backend_args=backend_args)
        self.scales = _check_scales(scales)
        self.keep_ratio = keep_ratio
        self.backend, missing = resolve_backend(backend)
        if missing:
            level = logging.INFO if backend == 'auto' else logging.WARNING
            _say_once(f'{missing}.', 'current', level)

    @cache_randomness
    def _draw(self) -> int:
        """An index into the scales, drawn as ``RandomChoiceResize`` does."""
        return np.random.randint(len(self.scales))

    def transform(self, results: dict) -> dict | None:
        """Add the image to ``results``; None where it is skipped."""
        refuse_masks(results, type(self).__name__)
        index = self._draw()
        path = results['img_path']
        loaded = self._load(
            path, functools.partial(self._decode_for, self.scales[index])
        )
        if isinstance(loaded, str):
            return self._report(path, loaded)
        image, size = loaded
        if fault := _size_fault(results, size):
            return self._report(path, fault, 'Correct them')
        height, width = image.shape[:2]
        results.update(
            img=image,
            img_shape=(height, width),
            ori_shape=size[::-1],
            pixel_scale=(width / size[0], height / size[1]),
            drawn_shape=self._final_size(size, self.scales[index])[::-1],
            scale=self.scales[index],
            scale_idx=index,
            keep_ratio=self.keep_ratio,
        )
        if results['pixel_scale'] != (1, 1):
            self._scale_annotations(results)
        return results

    def _decode_for(
        self, scale: tuple[int, int], data: bytes
    ) -> tuple[np.ndarray, tuple[int, int]] | None:
        """The image, and the (width, height) that it has in full."""
        header = read_jpeg_header(data)
        if header is None:
            image = mmcv.imfrombytes(data, backend='cv2')
            return None if image is None else (image, image.shape[1::-1])
        size = header.upright_size
        image = decode_jpeg(
            data,
            header,
            choose_denominator(size, self._final_size(size, scale)),
            self.backend,
        )
        return None if image is None else (image, size)

    def _final_size(
        self, size: tuple[int, int], scale: tuple[int, int]
    ) -> tuple[int, int]:
        """The (width, height) that ``Resize`` makes of the full image."""
        if not self.keep_ratio:
            return scale
        # Resize fails where it rounds the short side of a stripe to 0.
        width, height = mmcv.rescale_size(size, scale)
        return max(width, 1), max(height, 1)

    @autocast_box_type()
    def _scale_annotations(self, results: dict) -> None:
        """Move boxes to the reduced image, in copies."""
        sx, sy = results['pixel_scale']
        if 'instances' in results:
            results['instances'] = [
                {**instance, 'bbox': [x1 * sx, y1 * sy, x2 * sx, y2 * sy]}
                if 'bbox' in instance
                else instance
                for instance in results['instances']
                for x1, y1, x2, y2 in [instance.get('bbox', (0, 0, 0, 0))]
            ]
        if results.get('gt_bboxes') is not None:
            results['gt_bboxes'] = results['gt_bboxes'].clone()
            results['gt_bboxes'].rescale_((sx, sy))
        results['homography_matrix'] = np.diag([sx, sy, 1]).astype(np.float32)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(scales={self.scales}, '
            f'keep_ratio={self.keep_ratio}, '
            f'on_error={self.on_error!r}, backend={self.backend!r}, '
            f'backend_args={self.backend_args})'
        )


def refuse_masks(results: dict, name: str) -> None:
    """Raise where there is something that only full images fit."""
    for key in ('gt_masks', 'gt_seg_map', 'gt_keypoints'):
        if results.get(key) is not None:
            raise ValueError(
                f'{name} carries boxes only, but got {key}. Train masks with '
                'LoadCheckedImage and RandomChoiceResize.'
            )


def _check_scales(scales: Sequence) -> list[tuple[int, int]]:
    """The scales as a list of pairs."""
    if _is_pair(scales):
        scales = [scales]
    if (
        not isinstance(scales, (list, tuple))
        or not scales
        or not all(map(_is_pair, scales))
    ):
        raise ValueError(
            'scales must be pairs of positive whole numbers such as '
            f'[(1333, 640), (1333, 800)], but got {scales}.'
        )
    return [tuple(pair) for pair in scales]


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(isinstance(side, int) and side > 0 for side in value)
    )


def _size_fault(results: dict, size: tuple[int, int]) -> str | None:
    """How the image's size differs from that in the annotations."""
    said = results.get('width'), results.get('height')
    if not all(said) or said == size:
        return None
    hint = ', as before the EXIF orientation' if said == size[::-1] else ''
    return (
        f'is {size[0]}x{size[1]} upright, but its annotations say '
        f'{said[0]}x{said[1]}{hint}'
    )
