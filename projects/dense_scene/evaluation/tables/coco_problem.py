"""One evaluation in the order in which COCO's protocol visits it."""

from dataclasses import dataclass

import numpy as np

from .detections import Detections
from .ground_truth import GroundTruth


@dataclass(frozen=True, eq=False)
class CocoProblem:
    """Ground truth and detections, sorted by image id.

    COCO breaks ties in score by image id and then by order, so that equal
    input in another order (two processes) must come out in this one. Images
    are numbered from 0: libraries differ in the ids that they accept.

    Args:
        truth_rows (np.ndarray): Sorted rows of the ground truth.
        detection_rows (np.ndarray): Sorted rows of the detections.
        truth_offsets (np.ndarray): (M + 1,), where each image starts.
        detection_offsets (np.ndarray): (M + 1,), likewise.
    """

    ground_truth: GroundTruth
    detections: Detections
    image_ids: np.ndarray
    truth_rows: np.ndarray
    truth_offsets: np.ndarray
    detection_rows: np.ndarray
    detection_offsets: np.ndarray

    @classmethod
    def build(
        cls, ground_truth: GroundTruth, detections: Detections
    ) -> 'CocoProblem':
        """Check and sort both sides."""
        ground_truth.validate()
        detections.validate(ground_truth)
        image_ids = np.sort(ground_truth.images.ids)
        truth = ground_truth.group(image_ids)
        found = detections.group(image_ids)
        return cls(
            ground_truth,
            detections,
            image_ids,
            truth.order,
            truth.offsets,
            found.order,
            found.offsets,
        )

    def chunks(self, num_images: int) -> list[slice]:
        """The images in runs of at most this many."""
        last = len(self.image_ids)
        return [
            slice(start, min(start + num_images, last))
            for start in range(0, last, num_images)
        ]

    def images(self, chunk: slice) -> list[dict]:
        """COCO images of a chunk."""
        return [dict(id=image) for image in range(chunk.start, chunk.stop)]

    @property
    def categories(self) -> list[dict]:
        """COCO categories: the labels."""
        return [
            dict(id=label, name=name)
            for label, name in enumerate(self.ground_truth.classes)
        ]

    def truth_chunk(self, chunk: slice) -> np.ndarray:
        """Rows of the ground truth that belong to a chunk, in order."""
        return self.truth_rows[
            slice(*self.truth_offsets[[chunk.start, chunk.stop]])
        ]

    def detection_chunk(self, chunk: slice) -> np.ndarray:
        """Rows of the detections that belong to a chunk, in order."""
        return self.detection_rows[
            slice(*self.detection_offsets[[chunk.start, chunk.stop]])
        ]

    def annotations(self, chunk: slice) -> list[dict]:
        """COCO annotations of a chunk; an id is the row, from 1.

        From 1, since pycocotools reads the id 0 as "not matched".
        """
        rows, truth = self.truth_chunk(chunk), self.ground_truth
        images = self._images_of(self.truth_offsets, chunk)
        columns = (
            rows + 1,
            images,
            truth.labels[rows],
            truth.xywh[rows],
            truth.areas[rows],
            truth.iscrowd[rows].astype(int),
        )
        return [
            dict(
                id=number,
                image_id=image,
                category_id=label,
                bbox=box,
                area=area,
                iscrowd=crowd,
            )
            for number, image, label, box, area, crowd in zip(
                *(column.tolist() for column in columns)
            )
        ]

    def detection_array(self, chunk: slice) -> np.ndarray:
        """(n, 7) float64: image, x, y, w, h, score and label."""
        rows, found = self.detection_chunk(chunk), self.detections
        return np.column_stack(
            (
                self._images_of(self.detection_offsets, chunk),
                found.xywh[rows],
                found.scores[rows],
                found.labels[rows],
            )
        )

    @staticmethod
    def _images_of(offsets: np.ndarray, chunk: slice) -> np.ndarray:
        """The image number of every row of a chunk."""
        counts = np.diff(offsets[chunk.start : chunk.stop + 1])
        return np.repeat(np.arange(chunk.start, chunk.stop), counts)
