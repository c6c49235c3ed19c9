"""What a ground truth contradicts, said once."""

import functools
import logging
import os

from mmengine.logging import print_log

from ...datasets.checks.left_out import describe_ignored
from ...datasets.checks.reach import describe_reaching_out
from .ground_truth import GroundTruth

# The metric and the counts read the same file.
_say_once = functools.cache(print_log)


def warn_of_contradictions(truth: GroundTruth, ann_file: str) -> None:
    """Log what was repaired, what reaches out, and what cannot be found."""
    lines = [*truth.notes, *describe_reaching_out(truth.columns)]
    if ignored := describe_ignored(truth.iscrowd):
        lines.append(ignored)
    name = os.path.basename(ann_file)
    for line in lines:
        _say_once(f'{name}: {line}.', 'current', logging.WARNING)
