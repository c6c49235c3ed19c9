"""Hooks registered in mmengine's HOOKS."""

from .detection_cap_hook import DetectionCapHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .resumable_checkpoint_hook import ResumableCheckpointHook
from .start_check_hook import StartCheckHook

__all__ = [
    'DetectionCapHook',
    'PlainCheckpointHook',
    'ResumableCheckpointHook',
    'StartCheckHook',
]
