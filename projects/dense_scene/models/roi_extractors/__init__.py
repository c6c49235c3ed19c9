"""RoI extractors registered in mmdet's MODELS."""

from .dense_roi_extractor import DenseRoIExtractor

__all__ = ['DenseRoIExtractor']
