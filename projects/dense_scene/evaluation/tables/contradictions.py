"""What a ground truth, and detections beside it, contradict."""

import functools
import logging
import os

import numpy as np
from mmengine.logging import print_log

from ...datasets.annotation_columns import AnnotationColumns
from ...datasets.checks.contradictions import describe_contradictions
from ...datasets.checks.reach import describe_reaching_out
from ...utils.groups import find_positions
from .detections import Detections
from .ground_truth import GroundTruth

# Said once: the metric and the counts read the same file.
_say_once = functools.cache(print_log)


def warn_of_contradictions(truth: GroundTruth, ann_file: str) -> None:
    """Log what was repaired, what reaches out, and what cannot be found."""
    lines = [*truth.notes, *describe_contradictions(truth.columns)]
    name = os.path.basename(ann_file)
    for line in lines:
        _say_once(f'{name}: {line}.', 'current', logging.WARNING)


def warn_of_detections(
    found: Detections, truth: GroundTruth, name: str
) -> None:
    """Log when many detections of known images lie outside of them."""
    columns = truth.columns
    places = find_positions(found.image_ids, columns.image_ids)
    known = AnnotationColumns.from_rows(
        columns.file_names,
        columns.image_ids,
        columns.sizes,
        places,
        found.boxes,
        found.labels,
        np.zeros(len(found), bool),
    )
    # A detector that does not clip reaches out here and there, a file that is
    # read wrongly does so all over.
    for line in describe_reaching_out(known, few=False):
        line = f'{os.path.basename(name)}: {line}.'
        print_log(line, 'current', logging.WARNING)
