"""Sort the errors of a detector by kind and price them."""

from dataclasses import dataclass

import numpy as np

from ...evaluation.average_precision import average_precision
from ...evaluation.backends import load_backend
from ...evaluation.stored.files import read_evaluation
from ...evaluation.tables.detections import Detections
from ...evaluation.tables.ground_truth import GroundTruth
from ...evaluation.tables.matches import Matches
from ...utils.box_matching import UNRECALLED, recalling_ranks
from ...utils.groups import group_rows
from .kinds import (
    DETECTION_ERRORS,
    FOREGROUND_IOU,
    OBJECT_ERRORS,
    REPAIRABLE,
    Pairs,
    classify_detections,
    find_occluded,
    pairs_by_group,
)
from .report import ErrorReport
from .tide import measure_tide


def analyse_error_file(
    detections: str, ann_file: str, max_det: int = 300, backend: str = 'auto'
) -> ErrorReport:
    """Analyse a file of detections; boxes with NaN are counted and dropped.

    Args:
        detections, ann_file (str): See :func:`read_evaluation`.
        max_det, backend: See :func:`analyse_errors`.
    """
    truth, store = read_evaluation(detections, ann_file)
    return analyse_errors(truth, store.detections, max_det, backend)


def analyse_errors(
    ground_truth: GroundTruth,
    detections: Detections,
    max_det: int = 300,
    backend: str = 'auto',
) -> ErrorReport:
    """Sort the errors at IoU 0.5 by kind and price each kind.

    Every detection within the cap that found nothing has one kind of
    :func:`classify_detections`; every object that nothing found is missed,
    under occlusion (:func:`find_occluded`) or not. Crowd regions are not
    objects, and what found one is no error.

    The cost of a kind is AP50 with its errors mended minus AP50, as in TIDE,
    each kind alone, so that costs do not add up:

    - a merged, split, shifted or loose detection finds the missed object of
      its class that it overlaps most; the best scored chooses first, and one
      for which none is left is removed;
    - a duplicate or one on background is removed; none beyond the cap takes
      its place;
    - a missed object is not counted. A class of which none remains has AP 1.

    Args:
        ground_truth (GroundTruth): What is there.
        detections (Detections): What was found; rows with NaN are dropped.
        max_det (int): The cap, per image and class. Defaults to 300.
        backend (str): See :func:`load_backend`. Defaults to 'auto'.

    Returns:
        ErrorReport: The errors.

    Raises:
        ValueError: If the cap is below 1, or the columns are invalid.
    """
    evaluator = load_backend(backend)
    detections, nan_boxes = detections.drop_nan()
    matches = evaluator.match(
        ground_truth, detections, max_det, np.array([FOREGROUND_IOU])
    )
    case = _Case.build(ground_truth, detections, matches)
    detection_errors = np.full(len(detections), -1)
    detection_errors[matches.rows] = case.detection_errors
    base = case.ap(case.hits, case.ignored, case.objects)
    costs = {
        kind: case.mended_ap(kind) - base if base >= 0 else 0.0
        for kind in (*DETECTION_ERRORS, *OBJECT_ERRORS)
    }
    return ErrorReport(
        ground_truth,
        detections,
        detection_errors,
        case.object_errors,
        max_det,
        base,
        costs,
        measure_tide(ground_truth, detections, max_det),
        nan_boxes,
    )


@dataclass(frozen=True, eq=False)
class _Case:
    """Matched detections (P, in the order of the matches) and N objects."""

    scores: np.ndarray
    labels: np.ndarray
    hits: np.ndarray
    ignored: np.ndarray
    object_labels: np.ndarray
    objects: np.ndarray
    detection_errors: np.ndarray
    object_errors: np.ndarray
    pairs: Pairs

    @classmethod
    def build(
        cls, truth: GroundTruth, found: Detections, matches: Matches
    ) -> '_Case':
        found = found.take(matches.rows)
        hits, ignored = matches.matched[0], matches.ignored[0]
        objects = ~truth.iscrowd
        wrong = ~(hits | ignored)
        pairs = _pairs_of_wrong(truth, found, wrong)
        kinds = classify_detections(found.boxes, truth.boxes, pairs)
        detection_errors = np.where(wrong, kinds, -1)
        missed = np.flatnonzero(objects & ~matches.found_objects()[0])
        object_errors = np.full(len(truth), -1)
        object_errors[missed] = np.where(_occluded(truth, missed), 0, 1)
        return cls(
            found.scores,
            found.labels,
            hits,
            ignored,
            truth.labels,
            objects,
            detection_errors,
            object_errors,
            pairs,
        )

    def ap(
        self, hits: np.ndarray, ignored: np.ndarray, counted: np.ndarray
    ) -> float:
        """COCO's AP50 over the classes that have objects; -1 without any."""
        values = []
        for label in np.unique(self.object_labels[self.objects]):
            own = self.labels == label
            count = np.sum(counted & (self.object_labels == label))
            values.append(
                average_precision(
                    self.scores[own],
                    hits[None, own],
                    ignored[None, own],
                    count,
                )[0]
                if count
                else 1.0
            )
        return float(np.mean(values)) if values else -1.0

    def mended_ap(self, kind: str) -> float:
        """AP50 without the errors of a kind."""
        if kind in OBJECT_ERRORS:
            mended = self.object_errors == OBJECT_ERRORS.index(kind)
            return self.ap(self.hits, self.ignored, self.objects & ~mended)
        wrong = self.detection_errors == DETECTION_ERRORS.index(kind)
        repaired = np.zeros_like(wrong)
        if kind in REPAIRABLE:
            repaired[self._finders(wrong)] = True
        return self.ap(
            self.hits | repaired,
            self.ignored | wrong & ~repaired,
            self.objects,
        )

    def _finders(self, wrong: np.ndarray) -> np.ndarray:
        """Which of these detections find a missed object once repaired."""
        box, obj, iou = self.pairs
        free = wrong[box] & (self.object_errors[obj] >= 0)
        # Matches lie by falling score within each image and class.
        ranks = recalling_ranks(
            (box[free], obj[free], iou[free]), len(self.objects), np.zeros(1)
        )[0]
        return ranks[ranks != UNRECALLED]


def _pairs_of_wrong(
    truth: GroundTruth, found: Detections, wrong: np.ndarray
) -> Pairs:
    """Wrong detections with the objects of their image and class."""
    keys = [_keys(columns, truth) for columns in (found, truth)]
    groups = np.unique(keys[0][wrong])
    return pairs_by_group(
        found.boxes,
        group_rows(np.where(wrong, keys[0], -1), groups),
        truth.boxes,
        group_rows(np.where(truth.iscrowd, -1, keys[1]), groups),
    )


def _keys(columns: GroundTruth | Detections, truth: GroundTruth) -> np.ndarray:
    """A number for the image and the class of every row."""
    images = np.unique(truth.images.ids)
    return (
        np.searchsorted(images, columns.image_ids) * len(truth.classes)
        + columns.labels
    )


def _occluded(truth: GroundTruth, missed: np.ndarray) -> np.ndarray:
    ids = truth.images.ids
    objects = np.flatnonzero(~truth.iscrowd)
    place, other, iou = pairs_by_group(
        truth.boxes[missed],
        group_rows(truth.image_ids[missed], ids),
        truth.boxes[objects],
        group_rows(truth.image_ids[objects], ids),
    )
    return find_occluded(missed, truth.boxes, (place, objects[other], iou))
