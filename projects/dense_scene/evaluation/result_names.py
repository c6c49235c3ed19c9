"""The names of results, before there are any; imports no mmdet."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..utils import checks
from .counting import name_counts
from .tables import coco_summary
from .tables.coco_tables import CocoTables


def name_results(
    classes: Sequence[str] = (),
    max_dets: Sequence[int] = (100, 300),
    classwise: bool = False,
    count: bool = False,
    score_thr: float = 0.5,
    prefix: str = 'coco',
) -> list[str]:
    """The keys of :meth:`DenseCocoMetric.evaluate`, whose arguments these
    are, for these classes; prefix included."""
    max_dets = checks.positive_integers('max_dets', max_dets)
    tables = CocoTables.empty(len(classes), max_dets)
    counts = np.zeros((1, len(classes)), np.int64)
    names = [*coco_summary.summarize(tables, counts), 'nan_boxes']
    if classwise:
        names += coco_summary.summarize_classes(tables, tuple(classes))
    if count:
        got = name_counts(score_thr, tuple(classes) if classwise else ())
        names += (f'count_{name}' for name in got)
    return [f'{prefix}/{name}' for name in names]


def names_in_config(evaluator: Any) -> list[str]:
    """Of an evaluator's config; none where they cannot be known from it."""
    if not isinstance(evaluator, Mapping) or evaluator.get('classwise'):
        return []
    if str(evaluator.get('type')).split('.')[-1] != 'DenseCocoMetric':
        return []
    known = ('max_dets', 'count', 'score_thr', 'prefix')
    given = {key: evaluator.get(key) for key in known}
    return name_results(**{k: v for k, v in given.items() if v is not None})
