"""The parts of :class:`DetAutoAugment`; NumPy and OpenCV only."""

from .canvas import Canvas
from .policies import POLICIES
from .steps import OPERATION_NAMES, Step, apply_steps, parse_policy

__all__ = [
    'OPERATION_NAMES',
    'POLICIES',
    'Canvas',
    'Step',
    'apply_steps',
    'parse_policy',
]
