"""Evaluate images and objects in groups, from one matching."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...utils.boxes import nearest_neighbor_iou
from ...utils.groups import group_rows
from ..average_precision import average_precision
from ..backends import load_backend
from ..backends.base import check_max_dets
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth
from ..tables.matches import Matches
from .report import DensityReport, group_by_quarter


def measure_density(
    ground_truth: GroundTruth,
    detections: Detections,
    max_dets: Sequence[int] = (100, 300),
    backend: str = 'auto',
) -> DensityReport:
    """Results by image, by number of objects and by neighbour IoU.

    The AP of a group is COCO's AP of its images alone. Crowd regions are not
    objects here.

    Args:
        ground_truth (GroundTruth): What is there.
        detections (Detections): What was found, without NaN.
        max_dets (Sequence[int]): The caps. Defaults to (100, 300).
        backend (str): See :func:`load_backend`. Defaults to 'auto'.

    Returns:
        DensityReport: Per image and per group.
    """
    caps = check_max_dets(max_dets)
    matches = load_backend(backend).match(ground_truth, detections, caps[-1])
    data = _Matched(ground_truth, detections, matches)
    counts = data.objects_per_image
    per_image = dict(
        image_id=data.image_ids.tolist(),
        file_name=ground_truth.images.file_names[data.image_order].tolist(),
        objects=counts.tolist(),
        detections=data.detections_per_image.tolist(),
        neighbour_iou=data.neighbour_iou_of_images.tolist(),
    )
    for cap in caps:
        per_image[f'AP@{cap}'] = data.ap_of_each_image(cap)
    return DensityReport(
        per_image,
        _by_images(data, counts, caps, '{:d}'),
        _by_images(data, data.neighbour_iou_of_images, caps, '{:.3f}'),
        _by_objects(data, caps),
    )


@dataclass(frozen=True, eq=False)
class _Matched:
    """Ground truth and matches, joined by image position (rising id)."""

    ground_truth: GroundTruth
    detections: Detections
    matches: Matches

    @cached_property
    def image_order(self) -> np.ndarray:
        return np.argsort(self.ground_truth.images.ids)

    @cached_property
    def image_ids(self) -> np.ndarray:
        return self.ground_truth.images.ids[self.image_order]

    @cached_property
    def image_of_object(self) -> np.ndarray:
        return np.searchsorted(self.image_ids, self.ground_truth.image_ids)

    @cached_property
    def image_of_match(self) -> np.ndarray:
        return np.searchsorted(
            self.image_ids, self.detections.image_ids[self.matches.rows]
        )

    @cached_property
    def is_object(self) -> np.ndarray:
        return ~self.ground_truth.iscrowd

    @cached_property
    def objects_per_image(self) -> np.ndarray:
        return self.ground_truth.counts()[self.image_order]

    @property
    def detections_per_image(self) -> np.ndarray:
        return self.detections.group(self.image_ids).counts

    @cached_property
    def neighbour_iou(self) -> np.ndarray:
        """(N,), 0 for crowd regions."""
        iou = np.zeros(len(self.ground_truth))
        for rows in group_rows(
            self.image_of_object, np.arange(len(self.image_ids))
        ):
            rows = rows[self.is_object[rows]]
            iou[rows] = nearest_neighbor_iou(self.ground_truth.boxes[rows])
        return iou

    @cached_property
    def neighbour_iou_of_images(self) -> np.ndarray:
        total = np.bincount(
            self.image_of_object,
            weights=self.neighbour_iou,
            minlength=len(self.image_ids),
        )
        return total / np.maximum(self.objects_per_image, 1)

    @cached_property
    def scores(self) -> np.ndarray:
        return self.detections.scores[self.matches.rows]

    @cached_property
    def labels(self) -> np.ndarray:
        return self.detections.labels[self.matches.rows]

    def ap(self, matches: np.ndarray, objects: np.ndarray, cap: int) -> float:
        """COCO's AP of these matches and objects (positions)."""
        matches = matches[self.matches.ranks[matches] < cap]
        truth = self.ground_truth.labels[objects[self.is_object[objects]]]
        values = []
        for label, count in zip(*np.unique(truth, return_counts=True)):
            own = matches[self.labels[matches] == label]
            values.append(
                average_precision(
                    self.scores[own],
                    self.hits[:, own],
                    self.matches.ignored[:, own],
                    count,
                )
            )
        return float(np.mean(values)) if values else -1.0

    @cached_property
    def hits(self) -> np.ndarray:
        return self.matches.matched

    def ap_of_each_image(self, cap: int) -> list[float]:
        images = np.arange(len(self.image_ids))
        rows = zip(
            group_rows(self.image_of_match, images),
            group_rows(self.image_of_object, images),
        )
        return [self.ap(matches, objects, cap) for matches, objects in rows]


def _by_images(
    data: _Matched, values: np.ndarray, caps: tuple[int, ...], number: str
) -> list[dict]:
    groups = []
    for mask in group_by_quarter(values):
        matches = np.flatnonzero(mask[data.image_of_match])
        objects = np.flatnonzero(mask[data.image_of_object])
        group = dict(
            range=_range(values[mask], number),
            images=int(mask.sum()),
            objects=int(data.objects_per_image[mask].sum()),
        )
        for cap in caps:
            group[f'AP@{cap}'] = data.ap(matches, objects, cap)
        groups.append(group)
    return groups


def _by_objects(data: _Matched, caps: tuple[int, ...]) -> list[dict]:
    found = {cap: data.matches.found_objects(cap) for cap in caps}
    objects, groups = np.flatnonzero(data.is_object), []
    for mask in group_by_quarter(data.neighbour_iou[objects]):
        rows = objects[mask]
        group = dict(
            range=_range(data.neighbour_iou[rows], '{:.3f}'), objects=len(rows)
        )
        for cap in caps:
            group[f'AR@{cap}'] = float(found[cap][:, rows].mean())
        groups.append(group)
    return groups


def _range(values: np.ndarray, number: str) -> str:
    ends = (values.min().item(), values.max().item())
    return '-'.join(number.format(end) for end in ends)
