"""One evaluation in the order in which COCO's protocol visits it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .detections import Detections
from .ground_truth import GroundTruth


class CocoPart(NamedTuple):
    """Some images of an evaluation, as COCO's libraries take them.

    Args:
        ground_truth (GroundTruth): Of all images.
        images (list[dict]): Numbered from 0 by rising id, as libraries differ
            in the ids that they accept.
        objects (tuple): Rows of the ground truth, and their images.
        detections (np.ndarray): (n, 7) float64: image, x, y, w, h, score and
            label.
        rows (np.ndarray): (n,), where they stand in the table of detections.
    """

    ground_truth: GroundTruth
    images: list[dict]
    objects: tuple[np.ndarray, np.ndarray]
    detections: np.ndarray
    rows: np.ndarray

    @property
    def annotations(self) -> list[dict]:
        """Made anew each time, as they are large; the id is the row, from 1.

        pycocotools reads the id 0 as "not matched".
        """
        (rows, images), truth = self.objects, self.ground_truth
        columns = (
            rows + 1,
            images,
            truth.labels[rows],
            truth.xywh[rows],
            truth.areas[rows],
            truth.iscrowd[rows].astype(int),
        )
        return [
            dict(id=n, image_id=i, category_id=c, bbox=b, area=a, iscrowd=z)
            for n, i, c, b, a, z in zip(*(col.tolist() for col in columns))
        ]

    @property
    def truth(self) -> dict:
        """A COCO file."""
        return dict(
            images=self.images,
            categories=self.ground_truth.categories,
            annotations=self.annotations,
        )


def split_coco(
    ground_truth: GroundTruth,
    detections: Detections,
    num_images: int | None = None,
    num_pairs: int = 1 << 62,
) -> Iterator[CocoPart]:
    """Check both sides and yield them in parts, sorted by image id.

    COCO breaks ties in score by image id and then by order, so that equal
    input in another order (two processes) must come out in this one.

    Args:
        ground_truth, detections: ValueError if they are invalid.
        num_images (int, optional): Most images of a part. Defaults to None:
            all in one part.
        num_pairs (int): Most pairs of a detection and an object in the images
            of a part of more than one image. Defaults to no limit.
    """
    ground_truth.validate()
    detections.validate(ground_truth)
    ids = np.sort(ground_truth.columns.image_ids)
    objects, found = ground_truth.group(ids), detections.group(ids)
    step = num_images or max(1, len(ids))
    for chunk in _chunks(found.counts * objects.counts, step, num_pairs):
        rows, images = found.rows_of(chunk)
        columns = (
            images,
            detections.xywh[rows],
            detections.scores[rows],
            detections.labels[rows],
        )
        yield CocoPart(
            ground_truth,
            [dict(id=n) for n in range(chunk.start, chunk.stop)],
            objects.rows_of(chunk),
            np.column_stack(columns),
            rows,
        )


def _chunks(
    pairs: np.ndarray, num_images: int, num_pairs: int
) -> Iterator[slice]:
    """At most so many images, and so many of their (M,) pairs, at a time."""
    start = total = 0
    for image, count in enumerate(pairs.tolist()):
        full = image - start == num_images or total + count > num_pairs
        if full and image > start:
            yield slice(start, image)
            start, total = image, 0
        total += count
    yield slice(start, len(pairs))
