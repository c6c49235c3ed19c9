"""Detections as the SKU-110K challenge takes them."""

import csv
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np

from ...utils.files import write_text
from ...utils.groups import group_rows
from ...utils.texts import open_text
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth

_COLUMNS = ('image_name', 'x1', 'y1', 'x2', 'y2', 'score')


def read_challenge_csv(path: str, ground_truth: GroundTruth) -> Detections:
    """Read one detection a row: ``image_name, x1, y1, x2, y2, score``.

    A first row with these names is skipped.

    Args:
        path (str): The file.
        ground_truth (GroundTruth): Of one class; translates the image names.
    """
    _require_one_class(path, ground_truth)
    names, numbers = [], []
    for line, row in _read_rows(path):
        try:
            x1, y1, x2, y2, score = map(float, row[1:])
        except ValueError:
            wanted = f'row {line} must be {", ".join(_COLUMNS)}'
            raise ValueError(
                f'{path}, {wanted}, but is {_show_row(row)}.'
            ) from None
        names.append(row[0])
        numbers.append((x1, y1, x2, y2, score))
    ids = ground_truth.columns.image_ids.tolist()
    known = dict(zip(ground_truth.file_names, ids))
    known.pop('', None)  # images without a name
    if unknown := sorted(set(names) - set(known)):
        fault = f'{len(unknown)} of {len(set(names))} are not there'
        raise ValueError(
            f'{path} must name images of the ground truth, but {fault}, '
            f'{unknown[0][:80]!r} among them.'
        )
    boxes, scores = np.split(np.reshape(numbers, (-1, 5)), [4], axis=1)
    image_ids = np.array([known[name] for name in names], np.int64)
    return Detections(image_ids, boxes, scores, np.zeros_like(image_ids))


def write_challenge_csv(
    detections: Detections,
    ground_truth: GroundTruth,
    path: str | PathLike,
    digits: int = 3,
) -> Path:
    """Write what :func:`read_challenge_csv` reads, with a header.

    Images in the order of the ground truth, the best detection of each first.

    Args:
        detections (Detections): Of one class.
        ground_truth (GroundTruth): Has the names of the images.
        path (str | PathLike): The file; it is returned.
        digits (int): Decimals of the corners. Scores keep six.
    """
    detections.validate(ground_truth)
    _require_one_class(path, ground_truth)
    for name in ground_truth.file_names:
        if set(name) & set(',"\n\r') or not name:
            wanted = 'without commas, quotes and new lines'
            raise ValueError(
                f'image names must be {wanted}, but got {name!r}.'
            )
    write_text(path, _rows(detections, ground_truth, digits))
    return Path(path)


def _require_one_class(path: str | PathLike, truth: GroundTruth) -> None:
    if len(truth.classes) != 1:
        raise ValueError(
            f'{path} has no column for classes, but the ground truth has '
            f'{len(truth.classes)}. Use COCO JSON, or a file for each class.'
        )


def _read_rows(path: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers, without empty ones and the header."""
    try:
        with open_text(path) as file:
            rows = csv.reader(file, skipinitialspace=True)
            filled = ((line, row) for line, row in enumerate(rows, 1) if row)
            for place, (line, row) in enumerate(filled):
                if place or tuple(row) != _COLUMNS:
                    yield line, row
    except csv.Error as error:
        raise ValueError(f'{path} must be a CSV file, but {error}.') from None


def _show_row(row: list[str]) -> str:
    """A row for a message, cut."""
    return repr(row)[:120]


def _rows(
    detections: Detections, truth: GroundTruth, digits: int
) -> Iterator[str]:
    yield ','.join(_COLUMNS) + '\n'
    # Adding 0 turns -0 into 0.
    boxes = np.round(detections.boxes, digits) + 0.0
    groups = group_rows(detections.image_ids, truth.columns.image_ids)
    for name, rows in zip(truth.file_names, groups):
        rows = rows[np.argsort(-detections.scores[rows], kind='stable')]
        for box, score in zip(boxes[rows].tolist(), detections.scores[rows]):
            corners = ','.join(f'{corner:.15g}' for corner in box)
            yield f'{name},{corners},{score:.6f}\n'
