"""Hooks registered in mmengine's HOOKS."""

from .detection_cap_hook import DetectionCapHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .resumable_checkpoint_hook import ResumableCheckpointHook

__all__ = [
    'DetectionCapHook',
    'PlainCheckpointHook',
    'ResumableCheckpointHook',
]
