"""What a ground truth contradicts, said once."""

import functools
import logging
import os

from mmengine.logging import print_log

from ...datasets.checks.contradictions import describe_contradictions
from .ground_truth import GroundTruth

# The metric and the counts read the same file.
_say_once = functools.cache(print_log)


def warn_of_contradictions(truth: GroundTruth, ann_file: str) -> None:
    """Log what was repaired, what reaches out, and what cannot be found."""
    lines = [*truth.notes, *describe_contradictions(truth.columns)]
    name = os.path.basename(ann_file)
    for line in lines:
        _say_once(f'{name}: {line}.', 'current', logging.WARNING)
