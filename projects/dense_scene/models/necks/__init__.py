"""Necks registered in mmdet's MODELS."""

from .ppyolo_neck import PPYOLONeck

__all__ = ['PPYOLONeck']
