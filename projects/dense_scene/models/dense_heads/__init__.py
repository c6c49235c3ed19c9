"""Dense heads registered in mmdet's MODELS."""

from .float32_ddq_detr_head import Float32DDQDETRHead

__all__ = ['Float32DDQDETRHead']
