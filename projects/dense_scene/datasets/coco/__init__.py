"""COCO JSON: the reader and :class:`DenseCocoDataset`."""

from typing import Any

__all__ = ['DenseCocoDataset']


def __getattr__(name: str) -> Any:
    # Not at once: the reader, without mmdet, is what most tools need.
    if name != 'DenseCocoDataset':
        raise AttributeError(f'{__name__} has no {name}')
    from .dense_coco_dataset import DenseCocoDataset

    return DenseCocoDataset
