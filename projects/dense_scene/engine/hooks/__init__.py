"""Hooks registered in mmengine's HOOKS."""

from .detection_cap_hook import DetectionCapHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .stage_loss_hook import StageLossHook

__all__ = ['DetectionCapHook', 'PlainCheckpointHook', 'StageLossHook']
