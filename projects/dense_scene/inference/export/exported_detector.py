"""An exported model as a detector."""

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from ...utils.files import require_file
from ...visualization.dense_picture import PictureBoxes
from .sides import pad_image

# By the ending of the file: the runtime's package.
RUNTIMES = {'.onnx': 'onnxruntime', '.xml': 'openvino'}
_Run = Callable[[np.ndarray, np.ndarray], Sequence[np.ndarray]]


class ExportedDetector:
    """What ``dense-scene export`` wrote, without torch and mmdet.

    Args:
        path (str | Path): ``.onnx``, run by onnxruntime, or ``.xml``, run by
            OpenVINO with the ``.bin`` beside it. The file holds the classes
            and what else :func:`pipeline_meta` gives.
        half (bool): OpenVINO alone: convolutions and matrix products in
            bfloat16, which is faster where the CPU has it (AMX). Defaults to
            False: all in float32.

    Raises:
        ImportError: Without the runtime.
        ValueError: If the file is another's, or onnxruntime shall take half.
    """

    def __init__(self, path: str | Path, half: bool = False) -> None:
        require_file(path, 'weights')
        path = Path(path)
        runtime = RUNTIMES[path.suffix]
        if not find_spec(runtime):
            raise ImportError(
                f'{path} needs {runtime}. Install dense-scene[export].'
            )
        if half and runtime != 'openvino':
            raise ValueError(
                f'--half must go with an .xml of OpenVINO, but got {path}: '
                'onnxruntime has no such switch.'
            )
        try:
            if runtime == 'openvino':
                self._run, meta = _open_openvino(path, half)
            else:
                self._run, meta = _open_onnx(path)
            self.classes: tuple[str, ...] = tuple(meta['classes'])
            self._scale, self._keep_ratio = meta['scale'], meta['keep_ratio']
        except Exception as error:  # each runtime has many of its own
            text = ' '.join(str(error).split())
            raise ValueError(
                f'{path} must be what dense-scene export wrote, but cannot be '
                f'opened as that ({type(error).__name__}: {text[:300]}).'
            ) from error
        self.loader: dict[str, str] = meta.get('loader', {})
        # The SHA-256 of the checkpoint
        self.exported_from: str | None = meta.get('weights_sha256')
        self.full_side = min(self._scale or [1024])

    def __call__(self, images: Sequence[np.ndarray]) -> list[PictureBoxes]:
        """Boxes of (H, W, 3) uint8 BGR images, one image after the other."""
        return [self._look_at(image) for image in images]

    def _look_at(self, image: np.ndarray) -> PictureBoxes:
        resized = image
        if self._scale is not None:
            size = image.shape[1], image.shape[0]
            if self._keep_ratio:
                size = fit_inside(size, self._scale)
            else:
                size = tuple(self._scale)
            resized = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        boxes, scores, labels = self._run(*pad_image(resized))
        factor = np.divide(resized.shape[1::-1], image.shape[1::-1])
        boxes = boxes / np.tile(factor, 2)
        return PictureBoxes(boxes.astype(np.float32), labels, scores)


def fit_inside(size: tuple[int, int], scale: Sequence[int]) -> tuple[int, int]:
    """Width and height that ``mmcv.imrescale`` gives an image.

    As large as fits: the longer side into the longer of ``scale``, the
    shorter into the shorter.
    """
    factors = max(scale) / max(size), min(scale) / min(size)
    width, height = (int(side * min(factors) + 0.5) for side in size)
    return width, height


def _open_onnx(path: Path) -> tuple[_Run, dict]:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        str(path), providers=['CPUExecutionProvider']
    )
    known = session.get_modelmeta().custom_metadata_map

    def run(image: np.ndarray, size: np.ndarray) -> Sequence[np.ndarray]:
        return session.run(None, dict(image=image, size=size))

    return run, json.loads(known['dense_scene'])


def _open_openvino(path: Path, half: bool) -> tuple[_Run, dict]:
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    meta = json.loads(model.get_rt_info(['dense_scene']).astype(str))
    # Of itself OpenVINO takes bfloat16 wherever the CPU has it.
    how = dict(INFERENCE_PRECISION_HINT='bf16' if half else 'f32')
    loaded = core.compile_model(model, 'CPU', how)

    def run(image: np.ndarray, size: np.ndarray) -> Sequence[np.ndarray]:
        return [loaded((image, size))[n] for n in range(3)]

    return run, meta
