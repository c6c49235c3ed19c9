"""COCO JSON: the reader and :class:`DenseCocoDataset`."""

from .dense_coco_dataset import DenseCocoDataset

__all__ = ['DenseCocoDataset']
