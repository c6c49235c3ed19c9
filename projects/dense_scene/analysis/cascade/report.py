"""IoU of boxes entering and leaving each stage, by object density."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...evaluation.density.report import group_by_quarter
from ...utils import checks
from ...utils.files import whole_file, write_text
from .study import CascadeStudy

IOU_MARKS = (0.5, 0.6, 0.7, 0.75)
QUANTILES = (10, 25, 50, 75, 90)
IOU_EDGES = np.arange(21) / 20
DENSITIES = ('objects', 'neighbours')


def summarize_cascade(
    study: CascadeStudy, by: str = 'objects'
) -> list[dict[str, Any]]:
    """One row for each stage of each group: all boxes, then by density.

    A box belongs to the group of the object that it enters the stage with.

    Args:
        study (CascadeStudy): Of :func:`study_cascade`.
        by (str): What groups are made of: quarters of the images by their
            number of 'objects', or of the objects by their number of
            'neighbours'; equal numbers stay together, so that there can be
            fewer. Defaults to 'objects'.

    Returns:
        list[dict]: ``group`` ('all' or a range as '12 to 40'), ``objects``,
        ``stage`` (1 for the first), ``boxes``, ``moved`` (share of the boxes
        that the stage moved to another object); then for ``entering`` and
        ``leaving`` boxes ``_mean``, ``_q10`` to ``_q90``, ``_from_0.5`` and so
        on (share of IoU from there on), ``_objects_from_0.5`` and so on (share
        of the objects that some box overlaps so much) and ``_histogram``
        (counts between ``IOU_EDGES``). Shares of nothing are None.
    """
    checks.choice('by', by, DENSITIES)
    rows = []
    for name, members in _groups(study, by):
        # The last place is for boxes without object: in no group but all.
        inside = np.append(members, name == 'all')
        for stage in range(len(study.thresholds)):
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


def write_cascade_report(
    study: CascadeStudy,
    out: str | os.PathLike,
    by: str = 'objects',
    about: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Write the rows of :func:`summarize_cascade`, and return them.

    As ``.json``, beside what ``about`` tells, and without the histograms as
    ``.csv``: the ending of ``out`` is replaced.
    """
    rows = summarize_cascade(study, by)
    images, edges = len(study.image_objects), IOU_EDGES.tolist()
    found = dict(by=by, images=images, iou_edges=edges, rows=rows)
    content = json.dumps((about or {}) | found, indent=1)
    write_text(Path(out).with_suffix('.json'), [content])
    table = pd.DataFrame(rows)
    table = table.loc[:, ~table.columns.str.contains('histogram')]
    with whole_file(Path(out).with_suffix('.csv')) as part:
        table.to_csv(part, index=False, lineterminator='\r\n')
    return rows


def _groups(study: CascadeStudy, by: str) -> list[tuple[str, np.ndarray]]:
    """Name and (M,) mask of the objects, all of them first."""
    groups = [('all', np.ones(len(study.neighbors), bool))]
    if by == 'objects':
        # Images without objects have no density to speak of.
        counts = study.image_objects[study.image_objects > 0]
        values = study.image_objects[study.image_of_object]
    else:
        counts = values = study.neighbors
    for mask in group_by_quarter(counts):
        low, high = int(counts[mask].min()), int(counts[mask].max())
        name = f'{low} to {high}' if low < high else f'{low}'
        groups.append((name, (values >= low) & (values <= high)))
    return groups


def _describe(iou: np.ndarray, best: np.ndarray) -> dict[str, Any]:
    """The numbers of one end of a stage."""
    found = dict(mean=_mean(iou))
    for q in QUANTILES:
        found[f'q{q}'] = float(np.percentile(iou, q)) if len(iou) else None
    for mark in IOU_MARKS:
        # float32 as the IoUs are, so that an IoU of 0.6 reaches the mark 0.6.
        found[f'from_{mark}'] = _mean(iou >= np.float32(mark))
        found[f'objects_from_{mark}'] = _mean(best >= np.float32(mark))
    found['histogram'] = np.histogram(iou, IOU_EDGES)[0].tolist()
    return found


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean(dtype=np.float64)) if len(values) else None
