"""Detectors registered in mmdet's MODELS."""

from .fused_ddq_detr import FusedDDQDETR

__all__ = ['FusedDDQDETR']
