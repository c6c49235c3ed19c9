"""The detector that weights and options ask for."""

import sys
from contextlib import redirect_stdout
from pathlib import Path

from ..evaluation.stored.detection_file import describe_file
from ..utils.files import require_file
from .detector import Detector
from .export.exported_detector import RUNTIMES, ExportedDetector
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
        weights (str): A checkpoint, or the ``.onnx`` or ``.xml`` file of an
            exported model, which has no ``config`` and ``device``.
        config, device, half: Of :class:`TorchDetector`; ``half`` of
            :class:`ExportedDetector` as well.
        tiles (str, optional): See :func:`plan_tiles`. Defaults to None: the
            model gets whole images.
        batch_size (int): Tiles at a time. Defaults to 1.
    """
    require_file(weights, 'weights')  # before what loads for seconds
    detector: Detector
    if Path(weights).suffix in RUNTIMES:
        if config or device not in (None, 'cpu'):
            raise ValueError(
                f'{weights} must be given without --config and --device: the '
                'file holds its model, and runs on the CPU.'
            )
        detector = ExportedDetector(weights, half)
    else:
        from .torch_detector import TorchDetector  # loads torch and mmdet

        with redirect_stdout(sys.stderr):  # mmengine prints what it loads
            detector = TorchDetector(weights, config, device, half)
    origin = getattr(detector, 'exported_from', None)
    if tiles is not None:
        side = getattr(detector, 'full_side', 1024)
        detector = TiledDetector(detector, tiles, batch_size, side)
    settings = dict(
        weights=describe_file('weights', weights)['weights_sha256'],
        exported_from=origin,
        config=describe_file('config', config).get('config_sha256'),
        half=half,
        tiles=tiles,
    )
    return detector, settings
