"""SKU-110K: its CSV files, its subset and :class:`SKU110KDataset`."""

from .sku110k_dataset import SKU110KDataset

__all__ = ['SKU110KDataset']
