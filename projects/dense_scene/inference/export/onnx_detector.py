"""An exported model as a detector."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import mmcv
import numpy as np

from ...utils.files import require_file
from ...visualization.dense_picture import PictureBoxes
from .cascade_graph import LEAST_STRIDES, STRIDE


class OnnxDetector:
    """What ``dense-scene export --to onnx`` wrote, run by onnxruntime.

    Args:
        path (str | Path): The ``.onnx`` file, which holds the classes and the
            scale of its test pipeline.

    Raises:
        ImportError: Without onnxruntime.
        ValueError: If the file is another's.
    """

    def __init__(self, path: str | Path) -> None:
        require_file(path, 'weights')
        if not find_spec('onnxruntime'):
            raise ImportError(
                f'{path} needs onnxruntime. Install dense-scene[export].'
            )
        import onnxruntime

        try:
            self._session = onnxruntime.InferenceSession(
                str(path), providers=['CPUExecutionProvider']
            )
            known = self._session.get_modelmeta().custom_metadata_map
            meta = json.loads(known['dense_scene'])
            self.classes: tuple[str, ...] = tuple(meta['classes'])
        except Exception as error:  # onnxruntime has many of its own
            raise ValueError(
                f'{path} must be what dense-scene export wrote, but '
                f'{" ".join(str(error).split())}.'
            ) from error
        self._scale, self._keep_ratio = meta['scale'], meta['keep_ratio']
        self.full_side = min(self._scale or [1024])

    def __call__(self, images: Sequence[np.ndarray]) -> list[PictureBoxes]:
        """Boxes of (H, W, 3) uint8 BGR images, one image after the other."""
        return [self._look_at(image) for image in images]

    def _look_at(self, image: np.ndarray) -> PictureBoxes:
        resized = self._resize(image)
        pixels, size = pad_image(resized)
        found = self._session.run(None, dict(image=pixels, size=size))
        boxes, scores, labels = found
        factor = np.divide(resized.shape[1::-1], image.shape[1::-1])
        boxes = boxes / np.tile(factor, 2)
        return PictureBoxes(boxes.astype(np.float32), labels, scores)

    def _resize(self, image: np.ndarray) -> np.ndarray:
        if self._scale is None:
            return image
        scale = tuple(self._scale)
        if self._keep_ratio:
            return mmcv.imrescale(image, scale)
        return mmcv.imresize(image, scale)


def pad_image(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inputs of an exported model.

    (H, W, 3) BGR to ``image``, (1, 3, H', W') float32 with sides that the
    graph takes, and ``size``, (2, ) float32, H and W.
    """
    size = image.shape[:2]
    sides = [max(LEAST_STRIDES, -(-n // STRIDE)) * STRIDE for n in size]
    pixels = np.zeros((1, 3, *sides), np.float32)
    pixels[0, :, : size[0], : size[1]] = image.transpose(2, 0, 1)
    return pixels, np.array(size, np.float32)
