"""What every COCO evaluator behind this package offers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import numpy as np

from ..tables.coco_problem import CocoProblem
from ..tables.coco_tables import AREA_RANGES, IOU_THRS, CocoTables
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth
from ..tables.matches import Matches

# Libraries keep the IoU of all pairs and results of all images of a chunk:
# 16 dense images are megabytes, a test split gigabytes.
CHUNK_IMAGES = 16


class CocoBackend(ABC):
    """An adapter of a library to columns in and tables out.

    All backends give the same numbers. ``summarize()`` of the libraries is not
    used: pycocotools' is fixed to 100 detections, others take the last cap;
    the tables hold every cap.
    """

    package: str

    @property
    def name(self) -> str:
        """The library and its version."""
        return f'{self.package} {version(self.package)}'

    def evaluate(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_dets: Sequence[int] = (100, 300),
        iou_thrs: np.ndarray = IOU_THRS,
        area_ranges: dict[str, tuple[float, float]] = AREA_RANGES,
    ) -> CocoTables:
        """Compute precision and recall at every cap.

        Args:
            ground_truth (GroundTruth): What is there.
            detections (Detections): What was found; any number per image.
            max_dets (Sequence[int]): Caps per image and class, by score.
                Defaults to (100, 300).
            iou_thrs (np.ndarray): Defaults to 0.5 to 0.95.
            area_ranges (dict): Name to smallest and largest area.
                Defaults to COCO's.

        Raises:
            ValueError: If a cap is below 1, or the columns are invalid.
        """
        caps = check_max_dets(max_dets)
        problem = CocoProblem.build(ground_truth, detections)
        precision, recall = self._evaluate(
            problem, caps, iou_thrs, list(area_ranges.values())
        )
        return CocoTables(
            precision,
            recall,
            caps,
            np.array(iou_thrs),
            tuple(area_ranges),
            self.name,
        )

    def match(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_det: int = 300,
        iou_thrs: np.ndarray = IOU_THRS,
    ) -> Matches:
        """Match detections to objects of all sizes, for analyses.

        Args:
            ground_truth, detections, iou_thrs: As in :meth:`evaluate`.
            max_det (int): The cap. Defaults to 300.
        """
        check_max_dets([max_det])
        problem = CocoProblem.build(ground_truth, detections)
        rows, ranks = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        objects = [np.zeros((len(iou_thrs), 0), np.int64)]
        ignored = [np.zeros((len(iou_thrs), 0), bool)]
        for image in self._match(problem, max_det, iou_thrs):
            found = np.asarray(image['dtIds'], np.int64)
            rows.append(found - 1)
            ranks.append(np.arange(len(found)))
            shape = len(iou_thrs), len(found)
            objects.append(
                np.asarray(image['dtMatches'], np.int64).reshape(shape) - 1
            )
            ignored.append(np.asarray(image['dtIgnore'], bool).reshape(shape))
        return Matches(
            np.concatenate(rows),
            np.concatenate(ranks),
            np.concatenate(objects, axis=1),
            np.concatenate(ignored, axis=1),
            len(ground_truth),
            np.array(iou_thrs),
            max_det,
        )

    @abstractmethod
    def _evaluate(
        self,
        problem: CocoProblem,
        max_dets: tuple[int, ...],
        iou_thrs: np.ndarray,
        areas: list,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The two arrays of :class:`CocoTables`."""

    @abstractmethod
    def _match(
        self, problem: CocoProblem, max_det: int, iou_thrs: np.ndarray
    ) -> Iterator[dict]:
        """pycocotools' ``evalImgs`` of area 'all', images by rising id.

        An id is a row of the detections or the ground truth, plus one.
        """


def check_max_dets(max_dets: Sequence[int]) -> tuple[int, ...]:
    """The caps, rising, each once.

    Raises:
        ValueError: If there is none, or one is not an integer above 0.
    """
    caps = [max_dets] if isinstance(max_dets, int) else list(max_dets)
    wrong = [cap for cap in caps if not isinstance(cap, int) or cap < 1]
    if wrong or not caps:
        raise ValueError(
            'max_dets must be one or more integers from 1 on, but got '
            f'{max_dets!r}. Give the numbers of detections per image at '
            'which to evaluate, such as (100, 300).'
        )
    return tuple(sorted(set(caps)))
