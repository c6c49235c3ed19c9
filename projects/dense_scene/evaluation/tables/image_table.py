"""The images of a ground truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ImageTable:
    """Images in columns.

    Args:
        ids (np.ndarray): (M,) int64.
        widths (np.ndarray): (M,) int64, pixels.
        heights (np.ndarray): (M,) int64, pixels.
        file_names (Sequence[str], optional): M names. Defaults to None,
            which makes them empty.
    """

    ids: np.ndarray
    widths: np.ndarray
    heights: np.ndarray
    file_names: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for name in ('ids', 'widths', 'heights'):
            column = to_integers(getattr(self, name), f'image {name}')
            object.__setattr__(self, name, column)
        names = self.file_names
        names = [''] * len(self.ids) if names is None else names
        object.__setattr__(self, 'file_names', np.array(names, dtype=str))

    def __len__(self) -> int:
        """Number of images."""
        return len(self.ids)

    def take(self, images: np.ndarray) -> 'ImageTable':
        """The images at these positions (or of this bool mask)."""
        return ImageTable(
            self.ids[images],
            self.widths[images],
            self.heights[images],
            self.file_names[images],
        )


def to_integers(values: Sequence | np.ndarray, what: str) -> np.ndarray:
    """A column of ids or labels as (N,) int64.

    Raises:
        ValueError: If they are not integers.
    """
    column = np.asarray(values).reshape(-1)
    if column.dtype.kind not in 'iub' and column.size:
        whole = column.astype(np.int64) if column.dtype.kind == 'f' else None
        if whole is None or not np.array_equal(whole, column):
            raise ValueError(
                f'{what} must be integers, but got {column[:3].tolist()}. '
                'Number them.'
            )
    return column.astype(np.int64)
