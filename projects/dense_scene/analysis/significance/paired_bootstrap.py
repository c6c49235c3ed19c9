"""The difference of two results, with its uncertainty."""

from dataclasses import dataclass

import numpy as np

from ...utils.tables import format_table


@dataclass(frozen=True, eq=False)
class PairedBootstrap:
    """Two results on the same images; all rows are AP, AP50 and AP75."""

    first: np.ndarray  # (3,), of all images, each once
    second: np.ndarray
    samples: np.ndarray  # (R, 3), second minus first, of each resample
    max_dets: int
    num_images: int  # also of each resample

    @property
    def difference(self) -> np.ndarray:
        """(3,), second minus first."""
        return self.second - self.first

    def interval(self, level: float = 0.95) -> np.ndarray:
        """(3, 2), between which this share of the resamples lies."""
        ends = ((1 - level) / 2, (1 + level) / 2)
        return np.quantile(self.samples, ends, axis=0).T

    @property
    def p_values(self) -> np.ndarray:
        """(3,), two-sided: twice the share of resamples beyond zero.

        The result itself counts as one of the resamples, so that a p-value is
        never 0 but at least 2 / (R + 1).
        """
        sides = np.minimum(
            (self.samples <= 0).sum(axis=0), (self.samples >= 0).sum(axis=0)
        )
        return np.minimum(2 * (sides + 1) / (len(self.samples) + 1), 1)

    def format(self) -> str:
        """A table, at most 79 columns wide."""
        columns = {
            '': [f'{name}@{self.max_dets}' for name in ('AP', 'AP50', 'AP75')],
            'first': [f'{value:.4f}' for value in self.first],
            'second': [f'{value:.4f}' for value in self.second],
            'difference': [f'{value:+.4f}' for value in self.difference],
            '95% interval': [
                f'{low:+.4f} to {high:+.4f}' for low, high in self.interval()
            ],
            'p': [f'{value:.3f}' for value in self.p_values],
        }
        return (
            f'second - first, {self.num_images} images, '
            f'{len(self.samples)} resamples\n'
            f'{format_table(list(columns), zip(*columns.values()))}'
        )
