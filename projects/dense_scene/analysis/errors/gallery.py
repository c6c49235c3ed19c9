"""Pictures of the images with the worst errors."""

import os
from pathlib import Path

import cv2
import numpy as np

from ...utils import checks
from ...utils.files import write_bytes
from ...utils.scores import reach
from ...visualization import palette
from ...visualization.boxes import draw_boxes
from ...visualization.palette import to_bgr
from .kinds import DETECTION_ERRORS, OBJECT_ERRORS
from .report import ErrorReport

FOUND_COLOR = (190, 190, 190)
ERROR_COLORS = dict(
    merged=to_bgr(palette.ORANGE),
    duplicate=to_bgr(palette.SKY),
    split=to_bgr(palette.PINK),
    shifted=to_bgr(palette.GREEN),
    loose=to_bgr(palette.YELLOW),
    background=(0, 0, 0),
    missed_occluded=to_bgr(palette.BLUE),
    missed_other=to_bgr('#F0E442'),
)
# Smaller images are enlarged, as lines would hide the objects.
_MIN_SIDE = 800
_ROW = 26
_CELL = 210


def draw_error_gallery(
    report: ErrorReport,
    image_dir: str | os.PathLike,
    out_dir: str | os.PathLike,
    worst: int = 12,
    score_thr: float = 0.3,
) -> list[Path]:
    """Write one picture for each of the worst images, the worst first.

    The order is that of ``badness`` in :attr:`ErrorReport.per_image`; images
    without an error are left out.

    Args:
        report (ErrorReport): Of :func:`analyse_errors`.
        image_dir (str | PathLike): Where the file names start.
        out_dir (str | PathLike): Gets ``01_<image>.png`` and so on.
        worst (int): How many pictures. Defaults to 12.
        score_thr (float): Wrong detections below it are not drawn: hundreds
            of them would hide the image. Defaults to 0.3.
    """
    checks.positive_integer('worst', worst)
    checks.number('score_thr', score_thr, '[0, 1]')
    badness = np.array(report.per_image['badness'])
    order = np.argsort(-badness, kind='stable')[:worst]
    chosen = order[badness[order] > 0]
    names = report.ground_truth.file_names
    ids = report.ground_truth.columns.image_ids
    sources = [_find(image_dir, names[image]) for image in chosen]
    paths = []
    for place, (source, image) in enumerate(zip(sources, chosen), 1):
        picture = draw_errors(_read(source), report, ids[image], score_thr)
        path = Path(out_dir) / f'{place:02d}_{source.stem}.png'
        write_bytes(path, cv2.imencode('.png', picture)[1].tobytes())
        paths.append(path)
    return paths


def draw_errors(
    image: np.ndarray,
    report: ErrorReport,
    image_id: int,
    score_thr: float = 0.3,
) -> np.ndarray:
    """Objects and errors of one image, with a legend of kinds and counts.

    The image (H, W, 3), uint8, BGR, becomes (f H + legend, f W, 3), where the
    integer f enlarges images under 800 pixels.
    """
    factor = max(1, round(_MIN_SIDE / min(image.shape[:2])))
    canvas = cv2.resize(image, None, None, factor, factor, cv2.INTER_CUBIC)
    entries = []
    for name, color, boxes in _boxes_by_kind(report, image_id, score_thr):
        canvas = draw_boxes(canvas, boxes * factor, color)
        entries.append((f'{name}: {len(boxes)}', color))
    return np.concatenate([canvas, _legend(entries, canvas.shape[1])])


def _boxes_by_kind(
    report: ErrorReport, image_id: int, score_thr: float
) -> list[tuple]:
    """Name, color and boxes; what is drawn last lies on top."""
    truth, found = report.ground_truth, report.detections
    own = truth.image_ids == image_id
    shown = found.image_ids == image_id
    shown &= reach(found.scores, score_thr)
    kept = own & ~truth.iscrowd & (report.object_errors < 0)
    layers = [('found', FOUND_COLOR, truth.boxes[kept])]
    for names, errors, boxes, rows in (
        (OBJECT_ERRORS, report.object_errors, truth.boxes, own),
        (DETECTION_ERRORS, report.detection_errors, found.boxes, shown),
    ):
        for number, name in enumerate(names):
            own_boxes = boxes[rows & (errors == number)]
            layers.append((name, ERROR_COLORS[name], own_boxes))
    return layers


def _legend(entries: list[tuple], width: int) -> np.ndarray:
    columns = max(1, width // _CELL)
    rows = -(-len(entries) // columns)
    canvas = np.full((rows * _ROW, width, 3), 255, np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA
    for place, (text, color) in enumerate(entries):
        x, y = place % columns * _CELL, place // columns * _ROW
        cv2.rectangle(canvas, (x + 6, y + 6), (x + 22, y + 20), color, -1)
        cv2.putText(canvas, text, (x + 30, y + 18), *font)
    return canvas


def _find(image_dir: str | os.PathLike, name: str) -> Path:
    path = Path(image_dir) / name
    if not path.is_file():
        what = f'{image_dir} must hold every image of the gallery'
        raise FileNotFoundError(f'{what}, but {name!r} is not a file in it.')
    return path


def _read(path: Path) -> np.ndarray:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    content = np.fromfile(path, np.uint8)
    image = cv2.imdecode(content, flags) if len(content) else None
    if image is None:
        raise ValueError(f'{path} must be an image, but cannot be decoded.')
    return image
