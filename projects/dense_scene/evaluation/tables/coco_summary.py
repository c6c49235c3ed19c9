"""The numbers of a COCO evaluation, and the table that shows them."""

from collections.abc import Sequence

import numpy as np
from terminaltables import AsciiTable

from ...utils.object_counts import recall_bound
from .coco_tables import CocoTables

# Key of CocoMetric, column of the table, IoU threshold, area range.
_APS = (
    ('mAP', 'AP', None, 'all'),
    ('mAP_50', 'AP50', 0.5, 'all'),
    ('mAP_75', 'AP75', 0.75, 'all'),
    ('mAP_s', 'APs', None, 's'),
    ('mAP_m', 'APm', None, 'm'),
    ('mAP_l', 'APl', None, 'l'),
)


def summarize(tables: CocoTables) -> dict[str, float]:
    """CocoMetric's keys at every cap: ``bbox_mAP@300``, ..., ``AR@300``."""
    values = {}
    for cap in tables.max_dets:
        for name, _, iou, area in _APS:
            values[f'bbox_{name}@{cap}'] = tables.ap(cap, iou, area)
        values[f'AR@{cap}'] = tables.ar(cap)
    return values


def summarize_bounds(
    counts: np.ndarray, max_dets: Sequence[int]
) -> dict[str, float]:
    """The largest recall at every cap: ``recall_bound@300``.

    Args:
        counts (np.ndarray): (M,), objects of each image and class.
        max_dets (Sequence[int]): The caps.
    """
    return {
        f'recall_bound@{cap}': recall_bound(counts, cap) for cap in max_dets
    }


def summarize_classes(
    tables: CocoTables, classes: Sequence[str]
) -> dict[str, float]:
    """AP of each class at every cap: ``<class>_precision@300``."""
    return {
        f'{name}_precision@{cap}': tables.ap(cap, label=label)
        for cap in tables.max_dets
        for label, name in enumerate(classes)
    }


def format_summary(tables: CocoTables, values: dict[str, float]) -> str:
    """One row per cap, at most 79 columns wide.

    Args:
        tables (CocoTables): Names the caps.
        values (dict[str, float]): Of :func:`summarize`, with
            those of :func:`summarize_bounds`.
    """
    rows = [['cap', 'recall bound', *(name for _, name, *_ in _APS), 'AR']]
    for cap in tables.max_dets:
        keys = ['recall_bound', *(f'bbox_{name}' for name, *_ in _APS), 'AR']
        rows.append(
            [str(cap), *(_show(values[f'{key}@{cap}']) for key in keys)]
        )
    return _right_aligned(rows, 0)


def format_classes(tables: CocoTables, classes: Sequence[str]) -> str:
    """One row per class: AP at every cap."""
    rows = [['class', *(f'AP@{cap}' for cap in tables.max_dets)]]
    for label, name in enumerate(classes):
        rows.append(
            [
                name,
                *(
                    _show(tables.ap(cap, label=label))
                    for cap in tables.max_dets
                ),
            ]
        )
    return _right_aligned(rows, 1)


def _show(value: float) -> str:
    return '-' if value < 0 else f'{value:.3f}'


def _right_aligned(rows: list[list[str]], first: int) -> str:
    table = AsciiTable(rows)
    for column in range(first, len(rows[0])):
        table.justify_columns[column] = 'right'
    return table.table
