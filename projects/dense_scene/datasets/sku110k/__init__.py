"""SKU-110K: its CSV files, its subset and :class:`SKU110KDataset`."""

from typing import Any

__all__ = ['SKU110KDataset']


def __getattr__(name: str) -> Any:
    # Not at once: the reader, without mmdet, is what most tools need.
    if name != 'SKU110KDataset':
        raise AttributeError(f'{__name__} has no {name}')
    from .sku110k_dataset import SKU110KDataset

    return SKU110KDataset
