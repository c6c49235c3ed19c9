"""Checks of what samplers are given."""

from collections.abc import Sequence

from mmdet.models.task_modules import AssignResult


def check_sampler(num: int, pos_fraction: float, neg_pos_ub: float) -> None:
    """Refuse sizes that no sample can have.

    Raises:
        ValueError: If ``num`` is not a whole number from 1 on, or
            ``pos_fraction`` not over 0 and up to 1, or ``neg_pos_ub``
            neither -1 nor from 0 on.
    """
    check_whole('num', num, 512)
    if not 0 < pos_fraction <= 1:
        raise ValueError(
            'pos_fraction must be over 0 and up to 1, but got '
            f'{pos_fraction!r}. Use for example 0.25.'
        )
    if not (neg_pos_ub == -1 or neg_pos_ub >= 0):
        raise ValueError(
            'neg_pos_ub must be -1 (no bound) or from 0 on, but got '
            f'{neg_pos_ub!r}. Use for example -1.'
        )


def check_whole(name: str, value: int, example: int) -> None:
    """Refuse what is not a whole number from 1 on.

    Raises:
        ValueError: In that case.
    """
    if type(value) is not int or value < 1:
        raise ValueError(
            f'{name} must be a whole number from 1 on, but got {value!r}. '
            f'Use for example {example}.'
        )


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse what is not one of the choices.

    Raises:
        ValueError: In that case.
    """
    if value not in choices:
        raise ValueError(
            f'{name} must be one of {", ".join(map(repr, choices))}, but got '
            f'{value!r}.'
        )


def check_overlaps(assign_result: AssignResult, sampler: object) -> None:
    """Refuse the result of an assigner that knows no IoU.

    Raises:
        ValueError: If ``max_overlaps`` is missing.
    """
    if assign_result.max_overlaps is None:
        raise ValueError(
            f'{type(sampler).__name__} must be given max_overlaps, but the '
            'assigner gave none. Use an assigner that works by IoU, such as '
            'MaxIoUAssigner.'
        )
