"""The steps of a sub-policy: what a config says, checked, and carried out."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from numpy.random import Generator

from ....utils import checks
from .box_operations import BOX_OPERATIONS, change_boxes
from .canvas import Canvas
from .image_operations import IMAGE_OPERATIONS, MAX_LEVEL
from .policies import POLICIES

OPERATION_NAMES = (*IMAGE_OPERATIONS, *BOX_OPERATIONS)
_LEVELS = f'[0, {MAX_LEVEL}]'
_STEP = '(operation, probability, level)'


class Step(NamedTuple):
    """One of ``OPERATION_NAMES``, its probability, its level of 0 to 10."""

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
    """Read a policy, as of :class:`DetAutoAugment`, by name or of a config."""
    parts = POLICIES.get(policy) if isinstance(policy, str) else policy
    if not _is_list(parts) or not parts or not all(map(_is_list, parts)):
        raise ValueError(
            f'policy must be one of {", ".join(POLICIES)} or a list of '
            f'sub-policies, each a list of {_STEP}, but got {policy!r}.'
        )
    return [
        [
            _parse_step(step, f'policy[{index}][{number}]')
            for number, step in enumerate(part)
        ]
        for index, part in enumerate(parts)
    ]


def _parse_step(step: Any, place: str) -> Step:
    values = step
    if isinstance(step, dict) and set(step) == {'type', 'prob', 'level'}:
        values = step['type'], step['prob'], step['level']
    if not _is_list(values) or len(values) != 3:
        wanted = f'{_STEP} or dict(type=..., prob=..., level=...)'
        raise ValueError(f'{place} must be {wanted}, but got {step!r}.')
    name, prob, level = values
    checks.choice(f'the operation of {place}', name, OPERATION_NAMES)
    return Step(
        name,
        checks.number(f'the probability of {name} in {place}', prob, '[0, 1]'),
        checks.number(f'the level of {name} in {place}', level, _LEVELS),
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
