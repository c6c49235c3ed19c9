"""Load images, with their boxes, at the size that they are trained at."""

import functools
import logging
from collections.abc import Iterator, Sequence

import mmcv
import numpy as np
from mmcv.transforms.utils import cache_randomness
from mmdet.datasets.transforms import LoadAnnotations
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import autocast_box_type
from mmengine.logging import print_log

from ....utils import checks
from ...images.jpeg import (
    choose_denominator,
    decode_jpeg,
    read_jpeg_header,
    resolve_backend,
)
from ..auto_augment.det_auto_augment import DetAutoAugment
from ..sample_boxes import record_move, require_boxes_alone
from .load_checked_image import LoadCheckedImage

# One line per process; workers inherit the answer and ask no more.
_say_once = functools.cache(print_log)


@TRANSFORMS.register_module()
class LoadAndResize(LoadCheckedImage):
    """Load an image and its boxes, augment them, resize to a random scale.

    Takes the place of ``LoadImageFromFile``, ``LoadAnnotations``,
    ``DetAutoAugment`` and ``RandomChoiceResize``, in this order. The scale is
    drawn first, so that a JPEG is decoded at 1/2, 1/4 or 1/8 where that asks
    for no enlargement afterwards; libjpeg then skips most of its work, and
    augmentation has fewer pixels to change. Boxes are in pixels of the full
    photo all the time, and are scaled once, to the final size.

    Differs from the four: the picture is averaged over 2, 4 or 8 pixels
    before it is interpolated, which leaves less aliasing; broken files are
    found as by :class:`LoadCheckedImage`; masks and segmentation maps are
    refused. A ``DetAutoAugment`` behind it would count resized pixels.

    Args:
        scales (Sequence[tuple[int, int]] | tuple[int, int]): What to draw
            from, uniformly, or the one scale: (long, short) sides for
            ``keep_ratio``, else (width, height), as in ``Resize``.
        auto_augment (str | Sequence, optional): Policy of
            :class:`DetAutoAugment`, such as ``'v1'``; magnitudes are in
            pixels of the full photo. Defaults to None: no augmentation.
        keep_ratio (bool): Of ``Resize``. Defaults to True.
        clip_object_border (bool): Of ``Resize``. Defaults to True.
        interpolation (str): Of ``Resize``. Defaults to 'bilinear'.
        annotations (dict, optional): Options of ``LoadAnnotations``, but for
            ``with_mask`` and ``with_seg``. Defaults to None.
        on_error (str): ``'raise'`` or ``'skip'``, for files that are broken
            or have not the size that their annotations say (``height`` and
            ``width``); see :class:`LoadCheckedImage`. Defaults to 'raise'.
        backend (str): ``'auto'`` is PyTurboJPEG if it is there, else OpenCV;
            ``'turbojpeg'``, ``'cv2'``, ``'pillow'``. All give the same
            pixels. Defaults to 'auto'.
        backend_args (dict, optional): Of :func:`mmengine.fileio.get`.

    Shape:
        Reads ``img_path``, ``instances`` and, where present, ``height`` and
        ``width``. Adds ``img``, (h, w, 3) BGR uint8, ``ori_shape``, (H, W) of
        the full upright photo, what ``LoadAnnotations`` adds, with
        ``gt_bboxes`` in pixels of ``img``, and what ``RandomChoiceResize``
        adds: ``scale_factor``, (w / W, h / H), and so on.

    Example:
        >>> train_pipeline = [
        ...     dict(
        ...         type='LoadAndResize',
        ...         scales=[(1333, 640), (1333, 800)],
        ...         auto_augment='v1',
        ...     ),
        ...     dict(type='RandomFlip', prob=0.5),
        ...     dict(type='PackDetInputs'),
        ... ]
    """

    def __init__(
        self,
        scales: Sequence[tuple[int, int]] | tuple[int, int],
        auto_augment: str | Sequence | None = None,
        keep_ratio: bool = True,
        clip_object_border: bool = True,
        interpolation: str = 'bilinear',
        annotations: dict | None = None,
        on_error: str = 'raise',
        backend: str = 'auto',
        backend_args: dict | None = None,
    ) -> None:
        super().__init__(on_error=on_error, backend_args=backend_args)
        self.scales = _as_sizes(scales)
        self.auto_augment = auto_augment and DetAutoAugment(auto_augment)
        self.keep_ratio = keep_ratio
        self.clip_object_border = clip_object_border
        self.interpolation = interpolation
        self.annotations = annotations
        self._load_boxes = LoadAnnotations(**annotations or {})
        if self._load_boxes.with_mask or self._load_boxes.with_seg:
            wanted = 'annotations must be without with_mask and with_seg'
            raise ValueError(f'{wanted}, but got {annotations}.')
        self.backend, missing = resolve_backend(backend)
        if missing:
            level = logging.INFO if backend == 'auto' else logging.WARNING
            _say_once(f'{missing}.', 'current', level)

    def __iter__(self) -> Iterator[DetAutoAugment]:
        # mmcv's cache_random_params finds wrapped transforms like this.
        return iter([self.auto_augment] if self.auto_augment else [])

    @cache_randomness
    def _draw(self) -> int:
        """An index into the scales, drawn as ``RandomChoiceResize`` does."""
        return np.random.randint(len(self.scales))

    def transform(self, results: dict) -> dict | None:
        """Add image and boxes to ``results``; None where it is skipped."""
        require_boxes_alone(results, type(self).__name__)
        index = self._draw()
        path, scale = results['img_path'], self.scales[index]
        loaded = self._load(path, functools.partial(self._decode_for, scale))
        if isinstance(loaded, str):
            return self._report(path, loaded)
        image, size = loaded
        if fault := _size_fault(results, size):
            return self._report(path, fault, 'Correct them')
        results.update(
            img=image,
            ori_shape=size[::-1],
            scale=scale,
            scale_idx=index,
            keep_ratio=self.keep_ratio,
        )
        self._load_boxes(results)
        results['instances'] = _Loaded()
        return self._augment_and_resize(results)

    @autocast_box_type()
    def _augment_and_resize(self, results: dict) -> dict:
        photo = results['ori_shape'][::-1]
        if self.auto_augment:
            self.auto_augment.augment(results, photo)
        size = self._final_size(photo, results['scale'])
        if size != results['img'].shape[1::-1]:
            how = dict(interpolation=self.interpolation, backend='cv2')
            results['img'] = mmcv.imresize(results['img'], size, **how)
        factor = size[0] / photo[0], size[1] / photo[1]
        results.update(img_shape=size[::-1], scale_factor=factor)
        if 'gt_bboxes' in results:
            results['gt_bboxes'].rescale_(factor)
            if self.clip_object_border:
                results['gt_bboxes'].clip_(size[::-1])
        record_move(results, np.diag([*factor, 1]).astype(np.float32))
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
        denominator = choose_denominator(size, self._final_size(size, scale))
        image = decode_jpeg(data, header, denominator, self.backend)
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


class _Loaded:
    """In the place of the instances whose boxes are already loaded."""

    def __iter__(self) -> Iterator:
        raise ValueError('LoadAnnotations must not follow LoadAndResize.')


def _as_sizes(scales: Sequence) -> list[tuple[int, int]]:
    """One (width, height) or several as a list."""
    several = isinstance(scales, (list, tuple)) and scales
    if several and isinstance(scales[0], (list, tuple)):
        return [checks.size('scales', scale) for scale in scales]
    return [checks.size('scales', scales)]


def _size_fault(results: dict, size: tuple[int, int]) -> str | None:
    """How the image's size differs from that in the annotations."""
    said = results.get('width'), results.get('height')
    if not all(said) or said == size:
        return None
    hint = ', as before the EXIF orientation' if said == size[::-1] else ''
    told = f'its annotations say {said[0]}x{said[1]}{hint}'
    return f'is {size[0]}x{size[1]} upright, but {told}'
