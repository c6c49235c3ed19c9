"""Checks that both samplers make of what they are given."""

from mmdet.models.task_modules import AssignResult

from ...utils import checks


def check_sampler(num: int, pos_fraction: float, neg_pos_ub: float) -> None:
    """Refuse sizes that no sample can have; ValueError names the argument."""
    checks.positive_integer('num', num)
    checks.number('pos_fraction', pos_fraction, '(0, 1]')
    if neg_pos_ub != -1:
        name = 'neg_pos_ub, unless -1 for no bound,'
        checks.number(name, neg_pos_ub, '[0, inf]')


def check_overlaps(assign_result: AssignResult, sampler: object) -> None:
    """Refuse, by ValueError, the result of an assigner that knows no IoU."""
    if assign_result.max_overlaps is None:
        line = 'must be given max_overlaps. Use an assigner that works by IoU.'
        raise ValueError(f'{type(sampler).__name__} {line}')
