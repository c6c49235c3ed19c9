"""Heads registered in mmdet's MODELS."""

from .dense_bbox_head import DenseBBoxHead
from .dense_ddq_detr_head import DenseDDQDETRHead
from .emd_bbox_head import EMDBBoxHead
from .emd_cascade_roi_head import EMDCascadeRoIHead
from .iou_aware_yolo_head import IoUAwareYOLOHead
from .soft_iou_bbox_head import SoftIoUBBoxHead

__all__ = [
    'DenseBBoxHead',
    'DenseDDQDETRHead',
    'EMDBBoxHead',
    'EMDCascadeRoIHead',
    'IoUAwareYOLOHead',
    'SoftIoUBBoxHead',
]
