"""The errors of a detector in dense scenes."""

import json
import os
from dataclasses import dataclass

import numpy as np

from ...evaluation.tables.detections import Detections
from ...evaluation.tables.ground_truth import GroundTruth
from ...utils.files import write_text
from ...utils.groups import find_positions
from ...utils.tables import format_table
from .kinds import DETECTION_ERRORS, OBJECT_ERRORS


@dataclass(frozen=True, eq=False)
class ErrorReport:
    """Errors of D detections of N objects: how many, where, at what cost."""

    ground_truth: GroundTruth
    detections: Detections
    # (D,) int64, index into DETECTION_ERRORS; -1 if it found an object or a
    # crowd region, or lies beyond max_dets.
    detection_errors: np.ndarray
    # (N,) int64, index into OBJECT_ERRORS; -1 if found or a crowd region.
    object_errors: np.ndarray
    max_dets: int  # how many detections count, per image and class
    ap50: float  # -1 without objects
    # What AP50 gains without the errors of one kind, see analyse_errors().
    ap_cost: dict[str, float]
    tide: dict | None = None  # of measure_tide()
    nan_boxes: int = 0  # detections dropped for NaN

    @property
    def counts(self) -> dict[str, int]:
        """Number of errors of each kind."""
        columns, kinds = self.per_image, (*DETECTION_ERRORS, *OBJECT_ERRORS)
        return {kind: sum(columns[kind]) for kind in kinds}

    @property
    def per_image(self) -> dict[str, list]:
        """Columns, images in the order of the ground truth.

        ``image_id``, ``file_name``, ``objects``, the number of errors of each
        kind, and ``badness``: missed objects plus the scores of wrong
        detections, per object.
        """
        truth, found = self.ground_truth, self.detections
        ids, objects = truth.columns.image_ids, truth.counts()
        columns = dict(
            image_id=ids.tolist(),
            file_name=truth.file_names,
            objects=objects.tolist(),
        )
        badness = np.zeros(len(ids))
        for names, errors, table, weights in (
            (DETECTION_ERRORS, self.detection_errors, found, found.scores),
            (OBJECT_ERRORS, self.object_errors, truth, np.ones(len(truth))),
        ):
            wrong = errors >= 0
            image = find_positions(table.image_ids[wrong], ids)
            counts = np.zeros((len(names), len(ids)), np.int64)
            np.add.at(counts, (errors[wrong], image), 1)
            columns.update(zip(names, counts.tolist()))
            badness += np.bincount(image, weights[wrong], minlength=len(ids))
        columns['badness'] = (badness / np.maximum(objects, 1)).tolist()
        return columns

    def format(self) -> str:
        """A table of the kinds and, if known, one of TIDE's classes."""
        counts = self.ground_truth.counts()
        ap50 = _show(self.ap50) if self.ap50 >= 0 else '-'
        lines = [
            f'{len(counts)} images, {counts.sum()} objects, '
            f'{len(self.detections)} detections; AP50@{self.max_dets} {ap50}'
        ]
        if nan := self.nan_boxes:
            what = 'detections hold NaN or infinity and are not scored'
            lines.append(f'{nan} {what}')
        lines.append(_table('Dense errors', self.counts, self.ap_cost))
        if tide := self.tide:
            lines.append(_table('TIDE', tide['counts'], tide['delta_ap']))
        return '\n'.join(lines)

    def save(self, path: str | os.PathLike) -> None:
        """Write the numbers, not the boxes, to a JSON file."""
        names = ('max_dets', 'ap50', 'counts', 'ap_cost', 'tide', 'nan_boxes')
        content = {name: getattr(self, name) for name in (*names, 'per_image')}
        write_text(path, [json.dumps(content)])


def _table(title: str, counts: dict[str, int], cost: dict[str, float]) -> str:
    rows = [[name, counts.get(name, '-'), _show(cost[name])] for name in cost]
    return format_table(['error', 'count', 'AP50 cost'], rows, title)


def _show(value: float) -> str:
    # A rounding error below zero is no -0.000.
    return f'{round(value, 3) + 0.0:.3f}'
