"""Every row against its parent, in every metric."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .image_bootstrap import bootstrap_rows
from .paired_difference import PairedDifference, paired_difference
from .results import RowResults, SuiteResults, find_test_data


@dataclass(frozen=True, eq=False)
class Cell:
    """A row in a metric.

    Args:
        values (dict[int, float]): By seed; empty if it was not run.
        change (PairedDifference, optional): To the parent.
        images (tuple[float, float], optional): 95% interval over images.
    """

    values: dict[int, float]
    change: PairedDifference | None = None
    images: tuple[float, float] | None = None

    @property
    def mean(self) -> float:
        """Over the seeds; nan without any."""
        found = list(self.values.values())
        return float(np.mean(found)) if found else float('nan')

    @property
    def deviation(self) -> float:
        """The sample standard deviation; nan for less than two seeds."""
        found = list(self.values.values())
        return float(np.std(found, ddof=1)) if len(found) > 1 else float('nan')


@dataclass(frozen=True, eq=False)
class Comparison:
    """The cells of a suite, by name of row and metric."""

    results: SuiteResults
    cells: dict[tuple[str, str], Cell]
    note: str = ''  # why there is no bootstrap

    def paper_change(self, results: RowResults) -> float | None:
        """The paper's difference to the parent, where it gives both."""
        parent = self.results.parent(results)
        if parent is None or None in (results.row.paper, parent.row.paper):
            return None
        return results.row.paper - parent.row.paper


def compare_rows(
    results: SuiteResults, work_dir: str | Path, resamples: int = 1000
) -> Comparison:
    """Compare by seed and, in metrics of AP, by image.

    Args:
        results (SuiteResults): Of :func:`read_results`.
        work_dir (str | Path): Holds the detections of the runs.
        resamples (int): Of the bootstrap, 0 for none. Defaults to 1000.
    """
    ann_file, note = None, ''
    if resamples and any(True for _ in results.all_runs()):
        try:
            ann_file, _ = find_test_data(results)
        except FileNotFoundError as error:
            note = f'No intervals over images: {error}'
    cells = {}
    for row in results.rows:
        parent = results.parent(row)
        for metric in results.suite.metrics:
            values = row.values(metric)
            change = images = None
            if parent is not None:
                change = paired_difference(parent.values(metric), values)
            cap = re.fullmatch(r'coco/bbox_mAP_at(\d+)', metric)
            if change is not None and ann_file is not None and cap:
                images = _over_images(
                    parent,
                    row,
                    ann_file,
                    int(cap[1]),
                    resamples,
                    Path(work_dir),
                )
            cells[row.row.name, metric] = Cell(values, change, images)
    return Comparison(results, cells, note)


def _over_images(
    parent: RowResults,
    row: RowResults,
    ann_file: Path,
    max_dets: int,
    resamples: int,
    work_dir: Path,
) -> tuple[float, float] | None:
    """None where a run kept no detections."""
    seeds = sorted({*parent.runs} & {*row.runs})
    files = [
        [results.folder / str(seed) / 'detections.npz' for seed in seeds]
        for results in (parent, row)
    ]
    if not all(path.is_file() for part in files for path in part):
        return None
    return bootstrap_rows(*files, ann_file, max_dets, resamples, work_dir)
