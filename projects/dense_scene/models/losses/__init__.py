"""Box losses registered in mmdet's MODELS."""

from .complete_iou_loss import CompleteIoULoss
from .libra_l1_loss import LibraL1Loss

__all__ = ['CompleteIoULoss', 'LibraL1Loss']
