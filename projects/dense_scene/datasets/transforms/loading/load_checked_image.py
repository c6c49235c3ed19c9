"""Loading of images that may be broken."""

import inspect
import logging
from collections.abc import Callable
from typing import TypeVar

import mmcv
import numpy as np
import torch
from mmcv.transforms import LoadImageFromFile
from mmdet.registry import TRANSFORMS
from mmengine import fileio
from mmengine.logging import print_log

from ....utils import checks
from ...images.integrity import find_image_fault

_Decoded = TypeVar('_Decoded')


class _SharedCount:
    """A counter that the data-loading workers of one process share."""

    def __init__(self) -> None:
        # A tensor reaches forked and spawned workers alike. It has no lock:
        # two skips within the same microsecond may count as one.
        self._value = torch.zeros((), dtype=torch.int64).share_memory_()

    def __deepcopy__(self, memo: dict) -> '_SharedCount':
        # Copies of a data set belong to the same run.
        return self

    def increase(self) -> int:
        self._value += 1
        return int(self._value)


@TRANSFORMS.register_module()
class LoadCheckedImage(LoadImageFromFile):
    """Load an image, and notice when the file is broken.

    Differs from ``mmcv.LoadImageFromFile``: a missing, empty, truncated or
    undecodable file is found and named (OpenCV 4 fills the missing part of a
    truncated JPEG with one color and says nothing), and it need not end a
    training. ``on_error`` takes the place of ``ignore_empty``. Not for test
    pipelines: :class:`mmdet.apis.DetInferencer` accepts ``LoadImageFromFile``
    alone, and the data sets of this package check files in test mode.

    Args:
        on_error (str): ``'raise'`` ends the run with one line that names the
            file. ``'skip'``, for training only, logs a warning with the
            number of files skipped so far in all workers, and returns None,
            upon which mmengine's data sets draw another image. Defaults to
            ``'raise'``.
        to_float32, color_type, imdecode_backend, backend_args: Of
            ``LoadImageFromFile``.

    Shape:
        Reads ``img_path``; adds ``img``, (H, W, C) BGR, and ``img_shape`` and
        ``ori_shape``, (H, W).

    Example:
        >>> train_pipeline = [dict(type='LoadCheckedImage', on_error='skip')]
    """

    def __init__(
        self,
        on_error: str = 'raise',
        to_float32: bool = False,
        color_type: str = 'color',
        imdecode_backend: str = 'cv2',
        backend_args: dict | None = None,
    ) -> None:
        super().__init__(
            to_float32=to_float32,
            color_type=color_type,
            imdecode_backend=imdecode_backend,
            backend_args=backend_args,
        )
        self.on_error = checks.choice('on_error', on_error, ('raise', 'skip'))
        self._skipped = _SharedCount()

    def transform(self, results: dict) -> dict | None:
        """Add the image to ``results``; None where it is skipped."""
        image = self._load(results['img_path'], self._decode)
        if isinstance(image, str):
            return self._report(results['img_path'], image)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def _load(
        self, path: str, decode: Callable[[bytes], _Decoded | None]
    ) -> _Decoded | str:
        """What ``decode`` makes of the file, or what is wrong with it."""
        try:
            data = fileio.get(path, backend_args=self.backend_args)
        except FileNotFoundError:
            return 'does not exist'
        except OSError as error:
            return f'cannot be read ({error})'
        if fault := find_image_fault(data):
            return fault
        try:
            decoded = decode(data)
        except Exception as error:  # each backend has exceptions of its own
            # OpenCV's begins with the path of its source and ends a line.
            reason = ' '.join(str(error).rpartition('error: ')[2].split())
            return f'cannot be decoded ({reason or type(error).__name__})'
        if decoded is None:
            return 'is no image that can be decoded'
        return decoded

    def _decode(self, data: bytes) -> np.ndarray | None:
        image = mmcv.imfrombytes(
            data, flag=self.color_type, backend=self.imdecode_backend
        )
        if image is None or not self.to_float32:
            return image
        return image.astype(np.float32)

    def _report(
        self, path: str, fault: str, remedy: str = 'Copy the file again'
    ) -> None:
        if self.on_error == 'raise':
            raise ValueError(
                f'image {path} {fault}. {remedy}, take it out of the '
                "annotations, or, for training, set on_error='skip'."
            )
        print_log(
            f'image {path} {fault}: skipped, another one is taken '
            f'({self._skipped.increase()} skipped so far).',
            'current',
            logging.WARNING,
        )

    def __repr__(self) -> str:
        names = inspect.signature(type(self)).parameters
        options = (f'{name}={getattr(self, name)!r}' for name in names)
        return f'{type(self).__name__}({", ".join(options)})'
