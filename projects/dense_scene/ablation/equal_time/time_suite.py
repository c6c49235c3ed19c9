"""What a suite with ``minutes`` needs before its first run."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ..queue.devices import find_devices
from ..queue.launcher import Launcher
from ..queue.limits import Limits
from ..records.record_file import NAME, read_records
from ..suites.read import require_row
from ..suites.resolve import ResolvedRow, resolve_suite
from ..suites.suite import Suite
from .fit import fit_rows
from .time_rows import Timing


def time_suite(
    suite: Suite,
    work_dir: Path,
    limits: Limits,
    launcher: Launcher,
    env: dict[str, str] | None = None,
    console: Console | None = None,
) -> list[ResolvedRow] | None:
    """The rows as they are trained, timed before where that is missing.

    None if ``limits.seconds`` were over before. The folder must be ours. Rows
    that ``limits`` leave out, and that no other is compared with, are not
    timed. See :meth:`Timing.time_rows`.
    """
    devices = find_devices(limits.devices, launcher.gpus, launcher.kind)
    rows = resolve_suite(suite)
    if suite.minutes is None:
        return rows
    needed = _with_parents(suite, limits.rows)
    timing = Timing(
        work_dir,
        devices[0],
        launcher,
        dict(os.environ if env is None else env),
        console or Console(stderr=True),
        time.monotonic() + limits.seconds,
        60 * suite.minutes,
    )
    if not timing.time_rows([r for r in rows if r.row.name in needed]):
        return None
    return fit_rows(suite, rows, read_records(work_dir / NAME), launcher.gpus)


def _with_parents(suite: Suite, names: Sequence[str] | None) -> set[str]:
    """Rows and all above them, as a record names the parent's config."""
    known = {row.name: row for row in suite.rows}
    needed = set()
    for name in known if names is None else names:
        require_row(name, known)
        row = known[name]
        while row.name not in needed:
            needed.add(row.name)
            row = known.get(row.parent or '', row)
    return needed
