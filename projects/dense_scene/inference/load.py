"""The detector that a command's options ask for."""

import sys
from argparse import Namespace
from contextlib import redirect_stdout
from pathlib import Path

from ..evaluation.stored.detection_file import describe_file
from .detector import Detector, TorchDetector
from .export.onnx_detector import OnnxDetector
from .tiles import TiledDetector


def load_detector(args: Namespace) -> tuple[Detector, dict]:
    """The detector, and the settings that its boxes depend on.

    Args:
        args (Namespace): ``weights``, ``config``, ``device``, ``half`` and
            ``tiles``.
    """
    detector: Detector
    if Path(args.weights).suffix == '.onnx':
        if args.config or args.device or args.half:
            raise ValueError(
                'model.onnx must be given without --config, --device and '
                '--half: the file and onnxruntime settle these.'
            )
        detector = OnnxDetector(args.weights)
    else:
        how = args.weights, args.config, args.device, args.half
        with redirect_stdout(sys.stderr):  # mmengine prints what it loads
            detector = TorchDetector(*how)
    if args.tiles is not None:
        side = getattr(detector, 'full_side', 1024)
        detector = TiledDetector(detector, args.tiles, args.batch_size, side)
    settings = dict(
        weights=describe_file('weights', str(args.weights))['weights_sha256'],
        config=Path(args.config).name if args.config else None,
        half=args.half,
        tiles=args.tiles,
    )
    return detector, settings
