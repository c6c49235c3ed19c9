"""Hooks and checkpoint safety."""

from .checkpoint_loading import (
    CheckpointRefusedError,
    load_checkpoint_file,
    register_checkpoint_loaders,
)
from .plain_checkpoint_hook import PlainCheckpointHook
from .proposal_quality_hook import ProposalQualityHook
from .stage_loss_hook import StageLossHook

register_checkpoint_loaders()

__all__ = [
    'CheckpointRefusedError',
    'PlainCheckpointHook',
    'ProposalQualityHook',
    'StageLossHook',
    'load_checkpoint_file',
    'register_checkpoint_loaders',
]
