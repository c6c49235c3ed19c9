"""The steps of a sub-policy: what a config says, checked, and carried out."""

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from numpy.random import Generator

from .box_operations import BOX_OPERATIONS, change_boxes
from .canvas import Canvas
from .image_operations import IMAGE_OPERATIONS
from .magnitudes import MAX_LEVEL
from .policies import POLICIES

OPERATION_NAMES = (*IMAGE_OPERATIONS, *BOX_OPERATIONS)
_KEYS = {'type', 'prob', 'level'}


class Step(NamedTuple):
    """One operation of a sub-policy.

    Args:
        name (str): One of ``OPERATION_NAMES``.
        prob (float): From 0 to 1.
        level (float): From 0 to 10.
    """

    name: str
    prob: float
    level: float


def apply_steps(canvas: Canvas, steps: Iterable[Step], rng: Generator) -> None:
    """Carry the steps out one after another, each with its probability.

    An operation on the whole image happens or does not; one on boxes only
    is decided for each box, with a third of the probability.
    """
    for name, prob, level in steps:
        if name in BOX_OPERATIONS:
            change_boxes(canvas, BOX_OPERATIONS[name], prob, level, rng)
        elif rng.random() < prob:
            IMAGE_OPERATIONS[name](canvas, level, rng)


def parse_policy(policy: str | Sequence) -> list[list[Step]]:
    """Read a policy from its name or from a config.

    Args:
        policy (str | Sequence): ``'v0'`` to ``'v3'``, or sub-policies, each
            a sequence of ``(operation, probability, level)`` or of
            ``dict(type=operation, prob=probability, level=level)``.

    Raises:
        TypeError: If ``policy`` or a part of it has the wrong shape.
        ValueError: If a name is unknown or a number out of its range.
    """
    if isinstance(policy, str):
        if policy not in POLICIES:
            raise ValueError(
                f'policy must be one of {_join(POLICIES)} or a list of '
                f'sub-policies, but got {policy!r}. Correct it.'
            )
        policy = POLICIES[policy]
    if not _is_list(policy) or not policy:
        raise TypeError(
            f'policy must be one of {_join(POLICIES)} or a list of '
            'sub-policies with at least one, each a list of (operation, '
            f'probability, level), but got {policy!r}. Correct it.'
        )
    return [_parse_sub_policy(part, i) for i, part in enumerate(policy)]


def _parse_sub_policy(steps: Any, index: int) -> list[Step]:
    if not _is_list(steps):
        raise TypeError(
            f'policy[{index}] must be a list of (operation, probability, '
            f'level), but got {steps!r}. Put brackets around the operations '
            'of each sub-policy.'
        )
    return [
        _parse_step(step, f'policy[{index}][{i}]')
        for i, step in enumerate(steps)
    ]


def _parse_step(step: Any, place: str) -> Step:
    if isinstance(step, dict) and set(step) == _KEYS:
        step = step['type'], step['prob'], step['level']
    if not _is_list(step) or len(step) != 3:
        raise TypeError(
            f'{place} must be (operation, probability, level) or '
            f'dict(type=..., prob=..., level=...), but got {step!r}. '
            'Correct it.'
        )
    name, prob, level = step
    if not isinstance(name, str) or name not in OPERATION_NAMES:
        raise ValueError(
            f'the operation of {place} must be one of '
            f'{_join(OPERATION_NAMES)}, but got {name!r}. Correct the name.'
        )
    return Step(
        name,
        _check(prob, 1, f'the probability of {name}', place),
        _check(level, MAX_LEVEL, f'the level of {name}', place),
    )


def _check(value: Any, high: int, what: str, place: str) -> float:
    if (
        not isinstance(value, Real)
        or isinstance(value, bool)
        or not 0 <= value <= high
    ):
        raise ValueError(
            f'{what} in {place} must be a number from 0 to {high}, but got '
            f'{value!r}. Correct it.'
        )
    return float(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _join(names: Iterable[str]) -> str:
    return ', '.join(names)
