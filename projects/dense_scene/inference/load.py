"""The detector that weights and options ask for."""

import sys
from contextlib import redirect_stdout
from pathlib import Path

from ..evaluation.stored.detection_file import describe_file
from .detector import Detector, TorchDetector
from .export.onnx_detector import OnnxDetector
from .tiles import TiledDetector


def load_detector(
    weights: str,
    config: str | None = None,
    device: str | None = None,
    half: bool = False,
    tiles: str | None = None,
    batch_size: int = 1,
) -> tuple[Detector, dict]:
    """The detector, and the settings that its boxes depend on.

    Args:
        weights (str): A checkpoint, or the ``.onnx`` file of an exported
            model, which has no ``config``, ``device`` and ``half``.
        config, device, half: Of :class:`TorchDetector`.
        tiles (str, optional): See :func:`plan_tiles`. Defaults to None: the
            model gets whole images.
        batch_size (int): Tiles at a time. Defaults to 1.
    """
    detector: Detector
    if Path(weights).suffix == '.onnx':
        if config or device or half:
            raise ValueError(
                'model.onnx must be given without --config, --device and '
                '--half: the file and onnxruntime settle these.'
            )
        detector = OnnxDetector(weights)
    else:
        with redirect_stdout(sys.stderr):  # mmengine prints what it loads
            detector = TorchDetector(weights, config, device, half)
    if tiles is not None:
        side = getattr(detector, 'full_side', 1024)
        detector = TiledDetector(detector, tiles, batch_size, side)
    settings = dict(
        weights=describe_file('weights', weights)['weights_sha256'],
        config=describe_file('config', config).get('config_sha256'),
        half=half,
        tiles=tiles,
    )
    return detector, settings
