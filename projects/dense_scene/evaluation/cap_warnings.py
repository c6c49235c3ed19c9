"""Caps that are too low for the annotations, in words."""

from collections.abc import Sequence

from ..utils.object_counts import needed_cap, recall_bound
from .tables.ground_truth import GroundTruth


def cap_warnings(
    ground_truth: GroundTruth,
    max_dets: Sequence[int],
    model_caps: dict[str, int],
) -> list[str]:
    """What to warn of, one line each.

    Args:
        ground_truth (GroundTruth): What the annotations need is the 99.5th
            percentile of objects per image.
        max_dets (Sequence[int]): Caps of the evaluation, which are per class.
        model_caps (dict[str, int]): Limits of the model by name, such as
            ``{'rcnn.max_per_img': 100}``; these are over all classes.

    Returns:
        list[str]: Empty if every cap suffices.
    """
    lines = []
    counts = ground_truth.counts(by_class=True)
    needed = needed_cap(counts[counts > 0])
    for cap in max_dets:
        if cap < needed:
            lines.append(
                f'max_dets {cap} is below {needed}, the 99.5th percentile of '
                'objects per image: a recall above '
                f'{recall_bound(counts, cap):.4f} cannot show at this cap.'
            )
    needed = needed_cap(ground_truth.counts())
    for name, cap in model_caps.items():
        if cap < needed:
            lines.append(
                f'test_cfg.{name} of the model is {cap}, below {needed}, the '
                '99.5th percentile of objects per image: objects are lost '
                'before they are scored. Raise it.'
            )
    return lines
