"""One evaluation in the order in which COCO's protocol visits it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .detections import Detections
from .ground_truth import GroundTruth


class CocoPart(NamedTuple):
    """Some images of an evaluation, as COCO's libraries take them.

    Args:
        truth (dict): A COCO file. Images are numbered from 0 by rising id, as
            libraries differ in the ids that they accept; annotations by their
            row in the ground truth plus one, since pycocotools reads the id 0
            as "not matched".
        detections (np.ndarray): (n, 7) float64: image, x, y, w, h, score and
            label.
        rows (np.ndarray): (n,), where they stand in the table of detections.
    """

    truth: dict
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
        ground_truth, detections: What is there and what was found; ValueError
            if they are invalid.
        num_images (int, optional): Most images of a part. Defaults to None:
            all in one part.
    """
    ground_truth.validate()
    detections.validate(ground_truth)
    ids = np.sort(ground_truth.columns.image_ids)
    objects, found = ground_truth.group(ids), detections.group(ids)
    names = enumerate(ground_truth.classes)
    categories = [dict(id=label, name=name) for label, name in names]
    step = num_images or max(1, len(ids))
    for start in range(0, max(1, len(ids)), step):
        chunk = slice(start, min(start + step, len(ids)))
        rows, images = found.rows_of(chunk)
        columns = (
            images,
            detections.xywh[rows],
            detections.scores[rows],
            detections.labels[rows],
        )
        truth = dict(
            images=[dict(id=n) for n in range(chunk.start, chunk.stop)],
            categories=categories,
            annotations=_annotations(ground_truth, *objects.rows_of(chunk)),
        )
        yield CocoPart(truth, np.column_stack(columns), rows)


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
