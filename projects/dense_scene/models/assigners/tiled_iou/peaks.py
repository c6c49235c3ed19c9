"""Where the largest of a stream of numbers may be, in bounded memory."""

import torch
from torch import Tensor

# Of these three columns 20 MB. A crowded shelf has some ten thousand.
_MOST = 1 << 20
_FIRST_CAPACITY = 1 << 12


class PeakRecords:
    """Places at which rows of a table may have their largest value.

    A table comes in parts; what a row has found so far rises while they do.
    A place is kept if no larger value of its row was known when it came.
    Where ties make too many of them (equal boxes, boxes that hold all
    others), all are given up, and the table must be gone through again.

    Args:
        best (Tensor): (M,), of every row; may rise from call to call.
    """

    def __init__(self, best: Tensor) -> None:
        self.best = best
        self.complete = True
        # Columns that grow by doubling. A list of small tensors, each between
        # two large ones that are freed, keeps glibc from using their memory
        # again.
        self._columns = _reserve(best, _FIRST_CAPACITY)
        self._count = 0

    def add(self, places: Tensor, rows: Tensor, values: Tensor) -> None:
        """Keep some, all (K,), unless there are too many already."""
        if not self.complete:
            return
        if self._count + len(places) > _MOST:
            self._forget_beaten()
            # Not each time by a few: that would be quadratic.
            self.complete = self._count + len(places) <= _MOST // 2
            if not self.complete:
                self._columns = _reserve(self.best, 0)
                return
        self._append(places, rows, values)

    def largest(self) -> tuple[Tensor, Tensor]:
        """Places and rows of the largest values, if ``complete``."""
        self._forget_beaten()
        places, rows, _ = self._kept()
        return places, rows

    def _kept(self) -> list[Tensor]:
        return [column[: self._count] for column in self._columns]

    def _append(self, *new: Tensor) -> None:
        end = self._count + len(new[0])
        if end > len(self._columns[0]):
            old = self._kept()
            size = min(max(end, 2 * self._count), _MOST)
            self._columns = _reserve(self.best, size)
            for column, values in zip(self._kept(), old):
                column.copy_(values)
        for column, values in zip(self._columns, new):
            column[self._count : end] = values
        self._count = end

    def _forget_beaten(self) -> None:
        kept = self._kept()
        last = kept[2] == self.best[kept[1]]
        self._count = 0
        self._append(*(column[last] for column in kept))


def _reserve(best: Tensor, size: int) -> list[Tensor]:
    index = best.new_empty(2, size, dtype=torch.long)
    return [*index, best.new_empty(size)]
