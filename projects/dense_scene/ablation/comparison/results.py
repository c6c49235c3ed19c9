"""The results of a suite, out of its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config

from ..records.record import RunRecord, SpeedRecord
from ..records.record_file import NAME, finished_runs, read_records, speeds
from ..suites.data_state import describe_data, require_same_data
from ..suites.overrides import override
from ..suites.read import near_match
from ..suites.suite import Row, Suite


@dataclass(frozen=True, eq=False)
class RowResults:
    """What is known of a row.

    Args:
        row (Row): Of the suite.
        runs (dict[int, RunRecord]): By seed, rising; may be empty.
        speed (SpeedRecord, optional): The latest measurement.
        folder (Path): Of the row; may be absent.
    """

    row: Row
    runs: dict[int, RunRecord]
    speed: SpeedRecord | None
    folder: Path

    def values(self, metric: str) -> dict[int, float]:
        """A result by seed; ValueError if there are runs, but not of it."""
        found = {
            seed: float(run.metrics[metric])
            for seed, run in self.runs.items()
            if isinstance(run.metrics.get(metric), (int, float))
        }
        if self.runs and not found:
            known = [*next(iter(self.runs.values())).metrics]
            raise ValueError(
                f'{self.row.name} has no result {metric!r}. '
                f'{near_match(metric, known)}'.rstrip()
            )
        return found


@dataclass(frozen=True, eq=False)
class SuiteResults:
    """All rows of a suite."""

    suite: Suite
    rows: list[RowResults] = field(default_factory=list)

    def parent(self, results: RowResults) -> RowResults | None:
        """What a row is compared with."""
        return next(
            (r for r in self.rows if r.row.name == results.row.parent), None
        )

    def all_runs(self) -> Iterator[RunRecord]:
        """Of all rows and seeds."""
        for results in self.rows:
            yield from results.runs.values()


def read_results(suite: Suite, work_dir: str | Path) -> SuiteResults:
    """Read the records of a suite.

    ValueError if the runs of a row are of several configs, a row was run
    beside another parent than the one there, or rows are of other data.
    """
    work_dir = Path(work_dir)
    records = read_records(work_dir / NAME)
    runs, measured = finished_runs(records), speeds(records)
    rows = []
    for row in suite.rows:
        own = {
            seed: runs[row.name, seed]
            for seed in suite.seeds
            if (row.name, seed) in runs
        }
        _require_one(row.name, {run.config_sha256 for run in own.values()})
        speed = measured.get(row.name)
        known = [run.config_sha256 for run in own.values()]
        if speed and known and speed.config_sha256 != known[0]:
            speed = None  # of an earlier config
        rows.append(RowResults(row, own, speed, work_dir / row.slug))
    results = SuiteResults(suite, rows)
    _check_relations(results)
    return results


def find_test_data(results: SuiteResults) -> tuple[Path, Path]:
    """Annotations and images of the test, as configs name them here.

    ValueError if they are others than those of the runs.
    """
    suite = results.suite
    row = suite.rows[0]
    cfg = Config.fromfile(row.config)
    for options in (suite.options, suite.data, row.options):
        override(cfg, options, row.name)
    state = describe_data(cfg)
    for run in results.all_runs():
        require_same_data(run.data, state, f'{run.row}, seed {run.seed}')
    dataset = cfg.test_dataloader.dataset
    root = Path(dataset.get('data_root') or '')
    prefix = (dataset.get('data_prefix') or {}).get('img') or ''
    return root / dataset.ann_file, root / prefix


def _require_one(name: str, hashes: set[str]) -> None:
    if len(hashes) > 1:
        raise ValueError(
            f'all runs of {name!r} must be of one config, but are of '
            f'{len(hashes)}. Run the others again in another --work-dir.'
        )


def _check_relations(results: SuiteResults) -> None:
    known: dict[str, str] = {}
    for run in results.all_runs():
        name = f'{run.row}, seed {run.seed}'
        require_same_data(known, run.data, name)
        known |= run.data
    for child in results.rows:
        parent = results.parent(child)
        if not (child.runs and parent and parent.runs):
            continue
        said = next(iter(child.runs.values())).parent_sha256
        if said != next(iter(parent.runs.values())).config_sha256:
            raise ValueError(
                f'{child.row.name!r} must have been run beside the config of '
                f'{parent.row.name!r}, but was beside another. Run both in '
                'one --work-dir.'
            )
