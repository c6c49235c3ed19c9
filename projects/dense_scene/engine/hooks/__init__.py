"""Hooks registered in mmengine's HOOKS."""

from .detection_cap_hook import DetectionCapHook
from .plain_checkpoint_hook import PlainCheckpointHook

__all__ = ['DetectionCapHook', 'PlainCheckpointHook']
