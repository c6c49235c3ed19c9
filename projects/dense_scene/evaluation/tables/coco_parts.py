"""One evaluation in the order in which COCO's protocol visits it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .detections import Detections
from .ground_truth import GroundTruth


class CocoPart(NamedTuple):
    """Some images of an evaluation, as COCO's libraries take them.

    Args:
        images (list[dict]): Numbered from 0 by rising id: libraries differ in
            the ids that they accept.
        categories (list[dict]): The labels.
        annotations (list[dict]): An id is the row in the ground truth plus
            one, since pycocotools reads the id 0 as "not matched".
        detections (np.ndarray): (n, 7) float64: image, x, y, w, h, score and
            label.
        rows (np.ndarray): (n,), where they stand in the table of detections.
    """

    images: list[dict]
    categories: list[dict]
    annotations: list[dict]
    detections: np.ndarray
    rows: np.ndarray


def split_coco(
    ground_truth: GroundTruth,
    detections: Detections,
    num_images: int | None = None,
) -> Iterator[CocoPart]:
    """Check both sides and yield them in parts, sorted by image id.

    COCO breaks ties in score by image id and then by order, so that equal
    input in another order (two processes) must come out in this one.

    Args:
        ground_truth (GroundTruth): What is there.
        detections (Detections): What was found.
        num_images (int, optional): Most images of a part. Defaults to None:
            all in one part.

    Yields:
        CocoPart: At least one.

    Raises:
        ValueError: If the columns are invalid.
    """
    ground_truth.validate()
    detections.validate(ground_truth)
    ids = np.sort(ground_truth.columns.image_ids)
    objects, found = ground_truth.group(ids), detections.group(ids)
    categories = [
        dict(id=label, name=name)
        for label, name in enumerate(ground_truth.classes)
    ]
    step = num_images or max(1, len(ids))
    for start in range(0, max(1, len(ids)), step):
        chunk = slice(start, min(start + step, len(ids)))
        rows, images = found.rows_of(chunk)
        yield CocoPart(
            [dict(id=image) for image in range(chunk.start, chunk.stop)],
            categories,
            _annotations(ground_truth, *objects.rows_of(chunk)),
            np.column_stack(
                (
                    images,
                    detections.xywh[rows],
                    detections.scores[rows],
                    detections.labels[rows],
                )
            ),
            rows,
        )


def _annotations(
    truth: GroundTruth, rows: np.ndarray, images: np.ndarray
) -> list[dict]:
    columns = dict(
        id=rows + 1,
        image_id=images,
        category_id=truth.labels[rows],
        bbox=truth.xywh[rows],
        area=truth.areas[rows],
        iscrowd=truth.iscrowd[rows].astype(int),
    )
    values = zip(*(column.tolist() for column in columns.values()))
    return [dict(zip(columns, items)) for items in values]
