"""The numbers of a COCO evaluation, their tables, and what to warn of."""

from collections.abc import Sequence

import numpy as np

from ...utils.metric_names import name_classes
from ...utils.object_counts import needed_cap, recall_bound
from ...utils.tables import format_table
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


def summarize(tables: CocoTables, counts: np.ndarray) -> dict[str, float]:
    """CocoMetric's keys: ``bbox_mAP_at300``, ..., ``AR_at300``, and bounds.

    And plain, as there, ``bbox_mAP`` to ``bbox_mAP_l`` at the largest cap.

    Args:
        tables (CocoTables): Of an evaluation.
        counts (np.ndarray): (M, K), objects of each image and class, of which
            ``recall_bound_at300`` is the largest recall that can be reached.
    """
    values = {}
    for n in tables.max_dets:
        for name, _, iou, area in _APS:
            values[f'bbox_{name}_at{n}'] = tables.ap(n, iou, area)
        values[f'AR_at{n}'] = tables.ar(n)
        values[f'recall_bound_at{n}'] = recall_bound(counts, n)
    most = tables.max_dets[-1]
    for name, *_ in _APS:
        values[f'bbox_{name}'] = values[f'bbox_{name}_at{most}']
    return values


def summarize_classes(
    tables: CocoTables, classes: Sequence[str]
) -> dict[str, float]:
    """AP of each class: ``<class>_precision_at300``; plain at the last."""
    caps = [(f'_at{n}', n) for n in tables.max_dets]
    return {
        f'{name}_precision{mark}': tables.ap(n, label=label)
        for mark, n in (*caps, ('', tables.max_dets[-1]))
        for label, name in enumerate(name_classes(classes))
    }


def format_summary(tables: CocoTables, values: dict[str, float]) -> str:
    """One row for each of max_dets, at most 79 columns wide.

    Args:
        tables (CocoTables), values (dict[str, float]): See :func:`summarize`.
    """
    keys = ['recall_bound', *(f'bbox_{name}' for name, *_ in _APS), 'AR']
    first = ['cap', *map(str, tables.max_dets)]
    first = [cell.rjust(max(map(len, first))) for cell in first]
    rows = [
        [cell, *(show_value(values[f'{key}_at{n}']) for key in keys)]
        for cell, n in zip(first[1:], tables.max_dets)
    ]
    names = [name for _, name, *_ in _APS]
    return format_table([first[0], 'recall bound', *names, 'AR'], rows)


def format_classes(tables: CocoTables, classes: Sequence[str]) -> str:
    """One row per class: AP at each of max_dets."""
    rows = []
    for label, name in enumerate(classes):
        values = [tables.ap(n, label=label) for n in tables.max_dets]
        rows.append([name, *map(show_value, values)])
    return format_table(['class', *(f'AP@{n}' for n in tables.max_dets)], rows)


def show_value(value: float) -> str:
    """Three digits, or a dash for what is not defined."""
    return '-' if value < 0 else f'{value:.3f}'


def low_cap_warnings(
    counts: np.ndarray, max_dets: Sequence[int], model_caps: dict[str, int]
) -> list[str]:
    """What is too low for the annotations, one line each.

    Needed is the 99.5th percentile of objects per image.

    Args:
        counts (np.ndarray): (M, K), objects of each image and class.
        max_dets (Sequence[int]): Of the evaluation, per class.
        model_caps (dict[str, int]): Limits of the model by name, such as
            ``{'test_cfg.rcnn.max_per_img': 100}``; over all classes.
    """
    lines = []
    needed = needed_cap(counts[counts > 0])
    for n in max_dets:
        if n < needed:
            lines.append(
                f'max_dets {n} is below {needed}, the 99.5th percentile of '
                'objects per image: a recall above '
                f'{recall_bound(counts, n):.4f} cannot show.'
            )
    needed = needed_cap(counts.sum(axis=1))
    for name, cap in model_caps.items():
        if cap < needed:
            lines.append(
                f'{name} of the model is {cap}, below {needed}, the 99.5th '
                'percentile of objects per image: objects are lost before '
                'they are scored. Raise it.'
            )
    return lines
