"""The library functions behind ``tools/``."""

from .datasets.subset import write_subset as make_sku110k_subset

__all__ = ['make_sku110k_subset']
