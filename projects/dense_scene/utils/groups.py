"""Rows of a table, grouped by the image that they belong to."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Which rows belong to each image.

    Args:
        order (np.ndarray): (N,) int64, rows sorted by image; the rows of one
            image keep their order.
        offsets (np.ndarray): (M + 1,) int64; image i has the rows
            ``order[offsets[i]:offsets[i + 1]]``.

    Example:
        >>> groups = group_rows(np.array([7, 3, 7]), np.array([3, 7, 9]))
        >>> groups[1], groups.counts
        (array([0, 2]), array([1, 2, 0]))
    """

    order: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        """Number of images."""
        return len(self.offsets) - 1

    def __getitem__(self, image: int) -> np.ndarray:
        """The rows of the image at this position."""
        image = range(len(self))[image]
        return self.order[self.offsets[image] : self.offsets[image + 1]]

    def __iter__(self) -> Iterator[np.ndarray]:
        """The rows of each image."""
        return map(self.__getitem__, range(len(self)))

    def rows_of(self, images: slice) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the images start to stop, and their images' places."""
        rows = self.order[slice(*self.offsets[[images.start, images.stop]])]
        counts = self.counts[images.start : images.stop]
        return rows, np.repeat(np.arange(images.start, images.stop), counts)

    @property
    def counts(self) -> np.ndarray:
        """Number of rows of each image, (M,) int64."""
        return np.diff(self.offsets)


def find_positions(ids: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where each id stands in ``known``, -1 for those that do not.

    Args:
        ids (np.ndarray): (N,) integer.
        known (np.ndarray): (M,) integer, no value twice.
    """
    if not len(known):
        return np.full(len(ids), -1, np.int64)
    order = np.argsort(known, kind='stable')
    place = np.searchsorted(known, ids, sorter=order)
    found = order[np.minimum(place, len(known) - 1)]
    return np.where(known[found] == ids, found, -1)


def group_rows(row_ids: np.ndarray, image_ids: np.ndarray) -> RowGroups:
    """Group rows by image, in the order of ``image_ids``.

    Args:
        row_ids (np.ndarray): (N,) integer, the image id of every row.
        image_ids (np.ndarray): (M,) integer. Rows of others are left out.
    """
    positions = find_positions(row_ids, image_ids)
    order = np.argsort(positions, kind='stable')
    offsets = np.searchsorted(positions[order], np.arange(len(image_ids) + 1))
    return RowGroups(order, offsets)
