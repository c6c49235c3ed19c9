"""IoU of boxes entering and leaving each stage, by object density."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ...evaluation.density.report import group_by_quarter
from ...utils.files import whole_file
from .study import CascadeStudy

IOU_MARKS = (0.5, 0.6, 0.7, 0.75)
QUANTILES = (10, 25, 50, 75, 90)
IOU_EDGES = np.arange(21) / 20
DENSITIES = ('objects', 'neighbours')


def summarise_cascade(
    study: CascadeStudy, by: str = 'objects'
) -> list[dict[str, Any]]:
    """One row for each stage of each group: all boxes, then by density.

    A box belongs to the group of the object that it enters the stage with.

    Args:
        study (CascadeStudy): The boxes.
        by (str): What groups are made of: quarters of the images by their
            number of 'objects', or of the objects by their number of
            'neighbours'; equal numbers stay together, so that there can be
            fewer. Defaults to 'objects'.

    Returns:
        list[dict]: ``group`` ('all' or a range as '12 to 40'), ``objects``,
        ``stage`` (from 1 on), ``boxes``, ``moved`` (share of the boxes that
        the stage moved to another object); then for ``entering`` and
        ``leaving`` boxes ``_mean``, ``_q10`` to ``_q90``, ``_from_0.5`` and so
        on (share of IoU from there on), ``_objects_from_0.5`` and so on (share
        of the objects that some box overlaps so much) and ``_histogram``
        (counts between ``IOU_EDGES``). Shares of nothing are None.

    Raises:
        ValueError: If ``by`` is another word.
    """
    rows = []
    for name, members in _groups(study, by):
        # The last place is for boxes without object: in no group but all.
        inside = np.append(members, name == 'all')
        for stage in range(study.num_stages):
            boxes = inside[study.objects[:, stage]]
            row = dict(
                group=name,
                objects=int(members.sum()),
                stage=stage + 1,
                boxes=int(boxes.sum()),
                moved=_mean(study.moved[boxes, stage]),
            )
            for point, end in enumerate(('entering', 'leaving')):
                iou = getattr(study, end)[boxes, stage]
                best = study.best[members, stage + point]
                row.update(
                    (f'{end}_{key}', value)
                    for key, value in _describe(iou, best).items()
                )
            rows.append(row)
    return rows


def write_cascade_summary(
    rows: list[dict[str, Any]], path: str | os.PathLike, **about: Any
) -> None:
    """Write the rows as JSON or, without the histograms, as CSV.

    Args:
        rows (list[dict]): Of :func:`summarise_cascade`.
        path (str | PathLike): ``.json`` or ``.csv``.
        about: What else the JSON shall hold.
    """
    path = Path(path)
    with (
        whole_file(path) as part,
        open(part, 'w', newline='', encoding='utf-8') as file,
    ):
        if path.suffix == '.json':
            json.dump({**about, 'rows': rows}, file, indent=1)
        else:
            names = [key for key in rows[0] if 'histogram' not in key]
            writer = csv.DictWriter(file, names, extrasaction='ignore')
            writer.writeheader()
            writer.writerows(rows)


def _groups(study: CascadeStudy, by: str) -> list[tuple[str, np.ndarray]]:
    """Name and (M,) mask of the objects, all of them first."""
    if by not in DENSITIES:
        raise ValueError(
            f'by must be one of {", ".join(DENSITIES)}, but got {by!r}. '
            'Choose one.'
        )
    everything = np.ones(len(study.neighbours), bool)
    groups = [('all', everything)]
    if by == 'objects':
        # Images without objects have no density to speak of.
        values = study.image_objects
        masks = group_by_quarter(values[values > 0])
        limits = [values[values > 0][mask] for mask in masks]
        values = values[study.image_of_object]
    else:
        values = study.neighbours
        limits = [values[mask] for mask in group_by_quarter(values)]
    for limit in limits:
        low, high = int(limit.min()), int(limit.max())
        name = f'{low} to {high}' if low < high else f'{low}'
        groups.append((name, (values >= low) & (values <= high)))
    return groups


def _describe(iou: np.ndarray, best: np.ndarray) -> dict[str, Any]:
    """The numbers of one end of a stage."""
    found = dict(mean=_mean(iou))
    for quantile in QUANTILES:
        found[f'q{quantile}'] = (
            float(np.percentile(iou, quantile)) if len(iou) else None
        )
    for mark in IOU_MARKS:
        # As float32, as the values: 0.6 itself is to count.
        found[f'from_{mark}'] = _mean(iou >= np.float32(mark))
        found[f'objects_from_{mark}'] = _mean(best >= np.float32(mark))
    found['histogram'] = np.histogram(iou, IOU_EDGES)[0].tolist()
    return found


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean(dtype=np.float64)) if len(values) else None
