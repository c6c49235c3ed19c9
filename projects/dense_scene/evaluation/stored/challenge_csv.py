"""Detections as the SKU-110K challenge takes them."""

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np

from ...utils.files import require_own_place, write_text
from ...utils.groups import group_rows
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth
from .files import CHALLENGE_COLUMNS, read_evaluation


def write_challenge_csv(
    detections: Detections,
    ground_truth: GroundTruth,
    path: str | PathLike,
    digits: int = 3,
) -> Path:
    """Write ``image_name, x1, y1, x2, y2, score``, below such a header.

    Images in the order of the ground truth, the best detection of each
    first. :func:`read_challenge_csv` reads it.

    Args:
        detections (Detections): Of one class.
        ground_truth (GroundTruth): Has the names of the images.
        path (str | PathLike): The file; replaced at once.
        digits (int): Decimals of the corners. Scores keep six.

    Returns:
        Path: ``path``.

    Raises:
        ValueError: If there are several classes, which the file cannot tell
            apart, or a name needs quotes.
    """
    detections.validate(ground_truth)
    if len(ground_truth.classes) != 1:
        raise ValueError(
            f'{path} has no column for classes, so that there must be one, '
            f'but there are {len(ground_truth.classes)}. Submit them class '
            'by class.'
        )
    path, names = Path(path), ground_truth.images.file_names.tolist()
    bad = [name for name in names if set(name) & set(',"\n\r') or not name]
    if bad:
        raise ValueError(
            'names must be without commas, quotes and new lines '
            f'in a submission, but one is {bad[0]!r}. Rename '
            'it.'
        )
    write_text(path, _rows(detections, ground_truth.images.ids, names, digits))
    return path


def convert_detections(
    detections: str,
    ann_file: str | None,
    path: str | PathLike,
    target_format: str = 'csv',
    digits: int = 3,
) -> Path:
    """Any stored detections as :func:`write_challenge_csv` writes them.

    Args:
        detections, ann_file (str): Of :func:`read_evaluation`.
        path, digits: Of :func:`write_challenge_csv`.
        target_format (str): ``'csv'``, the only one with scores.
    """
    if target_format != 'csv':
        raise ValueError(
            'detections can be written as csv only, but got '
            f'{target_format!r}: no other format has scores.'
        )
    if ann_file is None:
        raise ValueError(
            'detections name their images by number, so that '
            'the ground truth is needed. Give its file.'
        )
    if digits not in range(7):
        raise ValueError(f'digits must be 0 to 6, but got {digits}.')
    require_own_place(Path(path), [detections, ann_file])
    truth, store = read_evaluation(str(detections), str(ann_file))
    return write_challenge_csv(store.detections, truth, path, digits)


def _rows(
    detections: Detections, ids: np.ndarray, names: list[str], digits: int
) -> Iterator[str]:
    yield ','.join(CHALLENGE_COLUMNS) + '\n'
    # Adding 0 turns -0 into 0.
    boxes = np.round(detections.boxes, digits) + 0.0
    for name, rows in zip(names, group_rows(detections.image_ids, ids)):
        rows = rows[np.argsort(-detections.scores[rows], kind='stable')]
        for (x1, y1, x2, y2), score in zip(
            boxes[rows].tolist(), detections.scores[rows].tolist()
        ):
            yield (
                f'{name},{x1:.15g},{y1:.15g},{x2:.15g},{y2:.15g},{score:.6f}\n'
            )
