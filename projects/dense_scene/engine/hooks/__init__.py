"""Hooks registered in mmengine's HOOKS."""

from .channels_last_hook import ChannelsLastHook
from .detection_cap_hook import DetectionCapHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .resumable_checkpoint_hook import ResumableCheckpointHook
from .start_check_hook import StartCheckHook

__all__ = [
    'ChannelsLastHook',
    'DetectionCapHook',
    'PlainCheckpointHook',
    'ResumableCheckpointHook',
    'StartCheckHook',
]
