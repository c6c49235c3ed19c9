"""Boxes and counts of images as tables and COCO files."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..utils.boxes import xyxy_to_xywh
from ..utils.files import whole_file, write_text
from ..utils.scores import are_above
from ..visualization.dense_picture import PictureBoxes
from .threshold import Threshold


@dataclass(frozen=True)
class PhotoResult:
    """An image and its boxes: all that the model gives.

    Args:
        name (str): Below the input.
        path (Path): The file.
        image_id (int): Of COCO results.
        size (tuple[int, int]): Width and height, pixels.
        found (PictureBoxes): With scores.
    """

    name: str
    path: Path
    image_id: int
    size: tuple[int, int]
    found: PictureBoxes

    def above(self, score: float) -> PictureBoxes:
        """The boxes that count: their score, as float32, is above."""
        found = self.found
        assert found.scores is not None
        keep = are_above(found.scores, score)
        return PictureBoxes(
            found.boxes[keep], found.labels[keep], found.scores[keep]
        )


def write_boxes(
    path: Path,
    results: Sequence[PhotoResult],
    classes: Sequence[str],
    threshold: Threshold,
) -> None:
    """``image, x1, y1, x2, y2, score, class`` of the boxes that count."""
    _write_csv(
        path,
        ('image', 'x1', 'y1', 'x2', 'y2', 'score', 'class'),
        (
            (
                result.name,
                *(f'{value:.2f}' for value in box),
                f'{score:.4f}',
                classes[label],
            )
            for result in results
            for box, label, score in _rows(result.above(threshold.score))
        ),
    )


def write_counts(
    path: Path,
    results: Sequence[PhotoResult],
    classes: Sequence[str],
    threshold: Threshold,
) -> int:
    """``image, class, count, score_thr, chosen_by``, zeros included.

    Returns the number of all objects.
    """
    rows, total = [], 0
    for result in results:
        labels = result.above(threshold.score).labels
        counts = np.bincount(labels, minlength=len(classes)).tolist()
        total += sum(counts)
        score = f'{threshold.score:.4g}'
        rows += [
            (result.name, name, count, score, threshold.chosen_by)
            for name, count in zip(classes, counts)
        ]
    head = 'image', 'class', 'count', 'score_thr', 'chosen_by'
    _write_csv(path, head, rows)
    return total


def write_coco_results(
    folder: Path,
    results: Sequence[PhotoResult],
    classes: Sequence[str],
    category_ids: dict[str, int] | None,
) -> None:
    """``predictions.json``, whatever the score, and ``images.json``.

    The second is what the first refers to: COCO's images and categories. Ids
    are those of the COCO file that was given, by the names of its categories,
    else from 1 on.
    """
    numbers = category_ids or {name: n for n, name in enumerate(classes, 1)}
    lacking = [name for name in classes if name not in numbers]
    if lacking:
        raise ValueError(
            'the COCO file must have every class of the model, but lacks '
            f'{lacking}; it has {list(numbers)}.'
        )
    lines = (
        json.dumps(
            dict(
                image_id=result.image_id,
                category_id=numbers[classes[label]],
                bbox=[round(value, 3) for value in xyxy_to_xywh(box)[0]],
                score=score,
            )
        )
        for result in results
        for box, label, score in _rows(result.found)
    )
    write_text(folder / 'predictions.json', _as_list(lines))
    images = [
        dict(
            id=result.image_id,
            file_name=result.name,
            width=result.size[0],
            height=result.size[1],
        )
        for result in results
    ]
    categories = [dict(id=numbers[name], name=name) for name in classes]
    parts = dict(images=images, categories=categories, annotations=[])
    write_text(folder / 'images.json', [json.dumps(parts), '\n'])


def _rows(found: PictureBoxes) -> Iterator[tuple[list, int, float]]:
    assert found.scores is not None
    columns = found.boxes, found.labels, found.scores
    return zip(*(column.tolist() for column in columns))


def _as_list(items: Iterable[str]) -> Iterator[str]:
    """JSON values as one list, a line each."""
    yield '['
    for number, item in enumerate(items):
        yield f'{"," * (number > 0)}\n{item}'
    yield '\n]\n'


def _write_csv(
    path: Path, head: Sequence[str], rows: Iterable[Sequence]
) -> None:
    with (
        whole_file(path) as part,
        open(
            part, 'w', encoding='utf-8', errors='surrogateescape', newline=''
        ) as file,
    ):
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(head)
        writer.writerows(rows)
