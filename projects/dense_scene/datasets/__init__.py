"""Dense-scene data sets registered in mmdet's DATASETS."""

from . import transforms
from .dense_coco import DenseCocoDataset
from .sku110k import SKU110KDataset

__all__ = ['DenseCocoDataset', 'SKU110KDataset', 'transforms']
