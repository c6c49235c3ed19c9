"""Sort the errors of a detector by kind and price them."""

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from ...evaluation.backends import load_backend
from ...evaluation.stored.files import read_evaluation
from ...evaluation.tables.coco_parts import split_coco
from ...evaluation.tables.detections import Detections
from ...evaluation.tables.ground_truth import GroundTruth
from ...evaluation.tables.matches import Matches
from ...evaluation.weighted_average_precision import WeightedAveragePrecision
from ...utils import checks
from ...utils.box_matching import UNRECALLED, recalling_ranks
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


def analyse_error_file(
    detections: str, ann_file: str, max_dets: int = 300, backend: str = 'auto'
) -> ErrorReport:
    """Analyze a file of detections; boxes with NaN are counted and dropped.

    Args:
        detections, ann_file (str): See :func:`read_evaluation`.
        max_dets, backend: See :func:`analyse_errors`.
    """
    truth, store = read_evaluation(detections, ann_file)
    return analyse_errors(truth, store.detections, max_dets, backend)


def analyse_errors(
    ground_truth: GroundTruth,
    detections: Detections,
    max_dets: int = 300,
    backend: str = 'auto',
) -> ErrorReport:
    """Sort the errors at IoU 0.5 by kind and price each kind.

    Every detection within ``max_dets`` that found nothing has one kind of
    :func:`classify_detections`; every object that nothing found is missed,
    under occlusion (:func:`find_occluded`) or not. Crowd regions are not
    objects, and what found one is no error.

    The cost of a kind is AP50 with its errors mended minus AP50, as in TIDE,
    each kind alone, so that costs do not add up; docs/evaluation.md says how
    each is mended. A class of which no object remains has AP 1.

    Args:
        ground_truth (GroundTruth): What is there.
        detections (Detections): What was found; rows with NaN are dropped.
        max_dets (int): How many count, per image and class. Defaults to 300.
        backend (str): See :func:`load_backend`. Defaults to 'auto'.
    """
    checks.positive_integer('max_dets', max_dets)
    detections, nan_boxes = detections.drop_nan()
    matches = load_backend(backend).match(
        ground_truth, detections, max_dets, np.array([FOREGROUND_IOU])
    )
    found = detections.take(matches.rows)
    wrong = ~(matches.matched[0] | matches.ignored[0])
    pairs = _pairs_of_wrong(ground_truth, found, wrong)
    kinds = classify_detections(found.boxes, ground_truth.boxes, pairs)
    kinds = np.where(wrong, kinds, -1)
    missed = _object_errors(ground_truth, matches)
    case = _Case(ground_truth, found, matches, kinds, missed, pairs)
    errors = np.full(len(detections), -1)
    errors[matches.rows] = kinds
    base = case.ap()
    costs = {
        kind: case.mended_ap(kind) - base if base >= 0 else 0.0
        for kind in (*DETECTION_ERRORS, *OBJECT_ERRORS)
    }
    tide = measure_tide(ground_truth, detections, max_dets)
    counted = ground_truth, detections, errors, missed, max_dets
    return ErrorReport(*counted, base, costs, tide, nan_boxes)


def measure_tide(
    ground_truth: GroundTruth, detections: Detections, max_dets: int = 300
) -> dict | None:
    """TIDE's errors at IoU 0.5 and 0.1, computed by hotcoco.

    Source: `Bolya et al. 2020 <https://arxiv.org/abs/2008.08115>`_.

    Returns:
        dict | None: ``delta_ap`` and ``counts`` per class (Cls, Loc, Both,
        Dupe, Bkg, Miss; FP and FN in ``delta_ap`` alone) and ``ap_base``.
        None if hotcoco is not installed.
    """
    if find_spec('hotcoco') is None:
        return None
    (part,) = split_coco(ground_truth, detections)
    hotcoco = load_backend('hotcoco')
    return hotcoco.evaluator(part, [max_dets], [FOREGROUND_IOU]).tide_errors()


@dataclass(frozen=True, eq=False)
class _Case:
    """Detections (P, in the order of the matches), objects, their errors."""

    truth: GroundTruth
    found: Detections
    matches: Matches
    detection_errors: np.ndarray
    object_errors: np.ndarray
    pairs: Pairs

    def ap(self, repaired=False, removed=False, uncounted=False) -> float:
        """COCO's AP50 over the classes that have objects; -1 without any."""
        hits = self.matches.matched | repaired
        ignored = self.matches.ignored | removed
        objects = ~self.truth.iscrowd
        values = []
        for label in np.unique(self.truth.labels[objects]):
            own = self.found.labels == label
            counted = objects & ~uncounted & (self.truth.labels == label)
            images = np.zeros(own.sum(), int)
            measure = WeightedAveragePrecision(
                self.found.scores[own], hits[:, own], ignored[:, own], images
            )
            ap = measure(np.ones(1, np.int32), counted.sum())
            values.append(ap[0] if counted.any() else 1.0)
        return float(np.mean(values)) if values else -1.0

    def mended_ap(self, kind: str) -> float:
        """AP50 without the errors of a kind."""
        if kind in OBJECT_ERRORS:
            place = OBJECT_ERRORS.index(kind)
            return self.ap(uncounted=self.object_errors == place)
        wrong = self.detection_errors == DETECTION_ERRORS.index(kind)
        repaired = np.zeros_like(wrong)
        if kind in REPAIRABLE:
            repaired[self._finders(wrong)] = True
        return self.ap(repaired, wrong & ~repaired)

    def _finders(self, wrong: np.ndarray) -> np.ndarray:
        """Which of these detections find a missed object once repaired."""
        box, obj, iou = self.pairs
        free = wrong[box] & (self.object_errors[obj] >= 0)
        # Matches lie by falling score within each image and class.
        ranks = recalling_ranks(
            (box[free], obj[free], iou[free]), len(self.truth), np.zeros(1)
        )[0]
        return ranks[ranks != UNRECALLED]


def _pairs_of_wrong(
    truth: GroundTruth, found: Detections, wrong: np.ndarray
) -> Pairs:
    """Wrong detections with the objects of their image and class."""
    ids = np.unique(truth.columns.image_ids)
    # A number for the image and the class of every row.
    of_found, of_truth = (
        np.searchsorted(ids, table.image_ids) * len(truth.classes)
        + table.labels
        for table in (found, truth)
    )
    return pairs_by_group(
        found.boxes,
        np.where(wrong, of_found, -1),
        truth.boxes,
        np.where(truth.iscrowd, -1, of_truth),
    )


def _object_errors(truth: GroundTruth, matches: Matches) -> np.ndarray:
    """(N,), index into ``OBJECT_ERRORS``; -1 for found ones and crowds."""
    image = np.repeat(np.arange(len(truth.columns)), truth.columns.counts)
    objects = ~truth.iscrowd
    missed = objects & ~matches.found_objects()[0]
    pairs = pairs_by_group(
        truth.boxes,
        np.where(missed, image, -1),
        truth.boxes,
        np.where(objects, image, -1),
    )
    occluded = find_occluded(truth.boxes, pairs)
    return np.where(missed, np.where(occluded, 0, 1), -1)
