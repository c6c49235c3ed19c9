"""Evaluate images and objects in groups by density."""

from collections.abc import Sequence

import numpy as np

from ...utils.boxes import nearest_neighbor_iou
from ..backends import HotcocoBackend
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth
from .report import DensityReport, group_by_quarter


def measure_density(
    ground_truth: GroundTruth,
    detections: Detections,
    max_dets: Sequence[int] = (100, 300),
) -> DensityReport:
    """Results by image, by number of objects and by neighbor IoU.

    The AP of a group is COCO's AP of its images alone, of which hotcoco cuts
    out any number from one evaluation. Crowd regions are not objects here.

    Args:
        ground_truth, detections: What is there, and was found, without NaN.
        max_dets (Sequence[int]): How many of them count, rising. Defaults to
            (100, 300).
    """
    columns = ground_truth.columns
    order = np.argsort(columns.image_ids)
    ids = columns.image_ids[order]
    objects = ground_truth.counts()[order]
    overlap = _neighbor_iou(ground_truth)
    image = np.repeat(np.arange(len(ids)), columns.counts)
    total = np.bincount(image, overlap, minlength=len(ids))[order]
    mean_overlap = total / np.maximum(objects, 1)
    names = ground_truth.file_names
    per_image = dict(
        image_id=ids.tolist(),
        file_name=[names[place] for place in order],
        objects=objects.tolist(),
        detections=detections.group(ids).counts.tolist(),
        neighbor_iou=mean_overlap.tolist(),
    )
    by_objects, by_overlap = (
        [
            dict(
                range=_range(values[mask], number),
                images=int(mask.sum()),
                objects=int(objects[mask].sum()),
            )
            for mask in group_by_quarter(values)
        ]
        for values, number in ((objects, '{:d}'), (mean_overlap, '{:.3f}'))
    )
    masks = group_by_quarter(objects) + group_by_quarter(mean_overlap)
    slices = {f'image {place}': [place] for place in range(len(ids))}
    for number, mask in enumerate(masks):
        slices[f'group {number}'] = np.flatnonzero(mask).tolist()
    backend = HotcocoBackend()
    for n in max_dets:
        aps = backend.slice_aps(ground_truth, detections, n, slices)
        per_image[f'AP@{n}'] = [aps[f'image {p}'] for p in range(len(ids))]
        for number, group in enumerate(by_objects + by_overlap):
            group[f'AP@{n}'] = aps[f'group {number}']
    matches = backend.match(ground_truth, detections, max_dets[-1])
    found = {f'AR@{n}': matches.found_objects(n) for n in max_dets}
    return DensityReport(
        per_image,
        by_objects,
        by_overlap,
        _recall_by_overlap(found, overlap, ~ground_truth.iscrowd),
    )


def _neighbor_iou(truth: GroundTruth) -> np.ndarray:
    """(N,), 0 for crowd regions."""
    iou = np.zeros(len(truth))
    for rows in truth.group():
        rows = rows[~truth.iscrowd[rows]]
        iou[rows] = nearest_neighbor_iou(truth.boxes[rows])
    return iou


def _recall_by_overlap(
    found: dict[str, np.ndarray], overlap: np.ndarray, is_object: np.ndarray
) -> list[dict]:
    objects, groups = np.flatnonzero(is_object), []
    for mask in group_by_quarter(overlap[objects]):
        rows = objects[mask]
        group = dict(range=_range(overlap[rows], '{:.3f}'), objects=len(rows))
        for name, table in found.items():
            group[name] = float(table[:, rows].mean())
        groups.append(group)
    return groups


def _range(values: np.ndarray, number: str) -> str:
    ends = (values.min().item(), values.max().item())
    return '-'.join(number.format(end) for end in ends)
