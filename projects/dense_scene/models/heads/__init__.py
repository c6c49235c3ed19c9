"""Heads registered in mmdet's MODELS."""

from .iou_aware_yolo_head import IoUAwareYOLOHead

__all__ = ['IoUAwareYOLOHead']
