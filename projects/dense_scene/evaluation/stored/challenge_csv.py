"""Detections as the SKU-110K challenge takes them."""

import csv
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import numpy as np

from ...utils.files import write_bytes
from ...utils.groups import group_rows
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth

_COLUMNS = ('image_name', 'x1', 'y1', 'x2', 'y2', 'score')


def read_challenge_csv(path: str, ground_truth: GroundTruth) -> Detections:
    """Read one detection a row: ``image_name, x1, y1, x2, y2, score``.

    A first row with these names is skipped.

    Args:
        path (str): The file.
        ground_truth (GroundTruth): Of one class; translates the image names.

    Raises:
        ValueError: If a row has other columns or an unknown image, or there
            are several classes.
    """
    _require_one_class(path, ground_truth)
    names, numbers = [], []
    for line, row in _read_rows(path):
        try:
            x1, y1, x2, y2, score = map(float, row[1:])
        except ValueError as error:
            raise ValueError(
                f'{path}, row {line} must be {", ".join(_COLUMNS)}, but is '
                f'{row}. Correct or delete it.'
            ) from error
        names.append(row[0])
        numbers.append((x1, y1, x2, y2, score))
    ids = ground_truth.columns.image_ids.tolist()
    known = dict(zip(ground_truth.file_names, ids))
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(
            f'{path} must name images of the ground truth, but {len(unknown)} '
            f'of {len(set(names))} are not there, {unknown[0]!r} among them. '
            'Give the ground truth of the same split.'
        )
    boxes, scores = np.split(np.reshape(numbers, (-1, 5)), [4], axis=1)
    image_ids = [known[name] for name in names]
    return Detections(image_ids, boxes, scores, [0] * len(names))


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

    Raises:
        ValueError: If there are several classes, or a name needs quotes.
    """
    detections.validate(ground_truth)
    _require_one_class(path, ground_truth)
    for name in ground_truth.file_names:
        if set(name) & set(',"\n\r') or not name:
            raise ValueError(
                'image names of a submission must be without commas, quotes '
                f'and new lines, but one is {name!r}.'
            )
    text = ''.join(_rows(detections, ground_truth, digits))
    # Names that are not UTF-8 keep their bytes.
    write_bytes(path, text.encode(errors='surrogateescape'))
    return Path(path)


def _require_one_class(path: str | PathLike, truth: GroundTruth) -> None:
    if len(truth.classes) != 1:
        raise ValueError(
            f'{path} has no column for classes, so that there must be one, '
            f'but the ground truth has {len(truth.classes)}. Use COCO JSON, '
            'or one file for each class.'
        )


def _read_rows(path: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers, without empty ones and the header."""
    try:
        with open(path, newline='', encoding='utf-8') as file:
            rows = csv.reader(file, skipinitialspace=True)
            filled = ((line, row) for line, row in enumerate(rows, 1) if row)
            for place, (line, row) in enumerate(filled):
                if place or tuple(row) != _COLUMNS:
                    yield line, row
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f'{path} must be a CSV file in UTF-8, but cannot be read: {error}.'
        ) from error


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
