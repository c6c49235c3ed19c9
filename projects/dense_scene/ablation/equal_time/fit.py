"""From seconds of an iteration to a training of so many minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config

from ..records.record import Record, RunRecord, TimingRecord
from ..suites.resolve import ResolvedRow, resolve_suite
from ..suites.suite import Suite


def fit_rows(
    suite: Suite,
    rows: Sequence[ResolvedRow],
    records: Sequence[Record],
    gpus: int = 1,
) -> list[ResolvedRow]:
    """The rows of a suite, each as long as ``minutes`` allows.

    Args:
        suite (Suite): Whose rows they are.
        rows (Sequence[ResolvedRow]): Of :func:`resolve_suite`.
        records (Sequence[Record]): Of the suite's folder. A row that has not
            been timed stays as its config says.
        gpus (int): Of each run. Defaults to 1.

    Raises:
        ValueError: Finished runs of the folder had other minutes.
    """
    _require_same_minutes(suite, records)
    known = find_timings(records, rows)
    if suite.minutes is None or not known:
        return list(rows)
    options = {
        row.row.name: fit_options(
            row.cfg, known[row.row.name], suite.minutes, gpus, row.row.name
        )
        for row in rows
        if row.row.name in known
    }
    return resolve_suite(suite, options)


def _require_same_minutes(suite: Suite, records: Sequence[Record]) -> None:
    given = {
        record.minutes
        for record in records
        if isinstance(record, RunRecord)
        and record.state == 'finished'
        and record.minutes is not None
    }
    if suite.minutes is not None and given - {suite.minutes}:
        raise ValueError(
            'minutes must be those of the runs in the folder, '
            f'{" or ".join(f"{each:g}" for each in sorted(given))}, but are '
            f'{suite.minutes:g}. Give --minutes, or another --work-dir.'
        )


def find_timings(
    records: Sequence[Record], rows: Sequence[ResolvedRow]
) -> dict[str, TimingRecord]:
    """The first timing of each row, of its config without a length.

    The first, so that what has been trained with it stays what it is.
    """
    hashes = {row.row.name: row.sha256 for row in rows}
    found: dict[str, TimingRecord] = {}
    for record in records:
        is_timing = isinstance(record, TimingRecord)
        if is_timing and hashes.get(record.row) == record.config_sha256:
            found.setdefault(record.row, record)
    return found


def fit_options(
    cfg: Config, timing: TimingRecord, minutes: float, gpus: int, name: str
) -> dict[str, Any]:
    """Options that make a training as long, in as many epochs as it has.

    Epochs change their length and not their number, so that schedules and
    hooks fit. The number of iterations is a multiple of that of epochs. A
    warm-up in iterations may fill a quarter of them. ValueError if there is
    no iteration for each epoch.
    """
    require_epochs(cfg, name)
    epochs = cfg.train_cfg.max_epochs
    wanted = 60 * minutes / timing.seconds_per_iteration
    length = round(wanted / epochs)
    if length < 1:
        raise ValueError(
            f'{name}: minutes must be enough for {epochs} epochs of one '
            f'iteration, but {minutes:g} are {wanted:.1f} iterations of '
            f'{timing.seconds_per_iteration:.3g} s. Give more.'
        )
    return epoch_length(cfg, length, gpus) | _warm_ups(cfg, length * epochs)


def require_epochs(cfg: Config, name: str) -> None:
    """ValueError for a training whose length is not one of epochs."""
    loop = cfg.get('train_cfg') or {}
    if not loop.get('max_epochs') or not cfg.train_dataloader.get('sampler'):
        raise ValueError(
            f'{name}: a row of a suite with minutes must be trained by '
            'epochs, with max_epochs in train_cfg and a sampler in '
            'train_dataloader, but is not.'
        )


def epoch_length(cfg: Config, length: int, gpus: int) -> dict[str, Any]:
    """The option that makes epochs of so many iterations."""
    size = length * gpus * cfg.train_dataloader.batch_size
    sampler = dict(_delete_=True, type='EpochLengthSampler', size=size)
    return {'train_dataloader.sampler': sampler}


def _warm_ups(cfg: Config, iterations: int) -> dict[str, int]:
    """Ends of schedules that begin a training and fill most of it."""
    found = cfg.get('param_scheduler') or []
    one = isinstance(found, Mapping)
    last = max(1, iterations // 4)
    options = {}
    for place, scheduler in enumerate([found] if one else found):
        is_warm_up = not scheduler.get('by_epoch', True)
        is_warm_up = is_warm_up and not scheduler.get('begin', 0)
        if is_warm_up and (scheduler.get('end') or 0) > last:
            place = '' if one else f'.{place}'
            options[f'param_scheduler{place}.end'] = last
    return options
