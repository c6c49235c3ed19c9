"""Run an ablation: rows of configs, several seeds, one table, one report.

    dense-scene ablation run table1-shelves --dry-run
    dense-scene ablation run table1-shelves
    dense-scene ablation run table1-shelves --measure
    dense-scene ablation table table1-shelves
    dense-scene ablation report table1-shelves --out report.html

SUITE is a YAML file or the name of one in configs/suites/. What is finished
is skipped and what was interrupted goes on; docs/ablation.md says more.
"""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from .environment import child_environment
from .options import CommandParser, find_config

if TYPE_CHECKING:
    from ..ablation.comparison.comparison import Comparison
    from ..ablation.queue.launcher import Launcher
    from ..ablation.queue.limits import Limits
    from ..ablation.suites.suite import Suite


_GOES_ON = 'The same command goes on from here.'


def add_arguments(parser: CommandParser) -> None:
    commands = parser.add_subparsers(
        metavar='run | table | report', required=True
    )
    parts = (
        ('run', 'train and test every row with every seed', _add_run, _run),
        ('table', 'results beside the paper', _add_table, _table),
        ('report', 'one page with everything', _add_report, _report),
    )
    for name, text, add, do in parts:
        part = commands.add_parser(name, help=text, description=text)
        part.add('suite', 'YAML, or a name in configs/suites', metavar='SUITE')
        default = 'work_dirs/ablation/<name of the suite>'
        part.add('--work-dir', f'of all runs (default: {default})')
        seeds = dict(nargs='+', type=int)
        part.add('--seeds', 'instead of those of the suite', **seeds)
        add(part)
        part.set_defaults(do=do)


def run(args: Namespace) -> int | None:
    path = Path(args.suite)
    if not path.suffix:
        path = Path(find_config(f'suites/{args.suite}.yml'))
    args.suite = path
    args.work_dir = Path(args.work_dir or f'work_dirs/ablation/{path.stem}')
    return args.do(args)


def _add_run(parser: CommandParser) -> None:
    add = parser.add
    add('--dry-run', 'say what would run, and what each option does', False)
    add(
        '--measure',
        'speed and size of finished rows, on an idle machine',
        False,
    )
    add('--time', 'time the rows of a suite with minutes, and no more', False)
    add('--devices', 'cpu or numbers of GPUs (default: all GPUs)', nargs='+')
    add('--jobs-per-device', 'runs beside each other', 1)
    add('--retries', 'of a failed run', 0)
    add('--restart', 'begin interrupted runs anew, do not resume them', False)
    add('--time-limit', 'seconds, then all stops', float('inf'))
    add('--minutes', 'of training, instead of those of the suite', type=float)
    add('--rows', 'names of some rows alone', nargs='+')
    add('--launcher', 'none, pytorch or slurm, through mim', 'none')
    add('--gpus', 'of each run, with a launcher', 1)
    add('--gpus-per-node', 'for slurm', 8)
    add('--cpus-per-task', 'for slurm', 2)
    add('--partition', 'for slurm', '')
    add('--srun-args', 'for slurm', '')


def _run(args: Namespace) -> int:
    from ..ablation.queue.dry_run import format_plan
    from ..ablation.queue.launcher import Launcher
    from ..ablation.queue.limits import Limits
    from ..ablation.queue.run_suite import run_suite
    from ..ablation.queue.summary import summarize_jobs
    from ..ablation.speed.measure_rows import measure_rows
    from ..ablation.suites.suite import read_suite

    suite = read_suite(args.suite).with_seeds(args.seeds)
    suite = suite.with_minutes(args.minutes)
    launcher = Launcher(
        args.launcher,
        args.gpus,
        args.gpus_per_node,
        args.cpus_per_task,
        args.partition,
        args.srun_args,
    )
    limits = Limits(
        args.devices,
        args.rows,
        args.jobs_per_device,
        args.retries,
        args.restart,
        args.time_limit,
    )
    if args.dry_run:
        print(format_plan(suite, args.work_dir, limits, launcher))
        return 0
    env = child_environment()
    # As Ctrl-C: schedulers end what they run like this.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if args.measure:
        failed = measure_rows(
            suite, args.work_dir, limits, env, gpus=launcher.gpus
        )
        print(*failed, sep='\n', end='\n' * bool(failed), file=sys.stderr)
        return int(bool(failed))
    if args.time:
        return _time(suite, args.work_dir, limits, launcher, env)
    jobs = run_suite(suite, args.work_dir, limits, launcher, env)
    if not jobs:
        print('The time was over before all rows were timed.', _GOES_ON)
        return 1
    print(summarize_jobs(jobs, args.work_dir))
    return int(any(j.state not in ('finished', 'skipped') for j in jobs))


def _time(
    suite: Suite,
    work_dir: Path,
    limits: Limits,
    launcher: Launcher,
    env: dict[str, str],
) -> int:
    from ..ablation.equal_time.time_suite import time_suite
    from ..ablation.queue.own_folder import own_folder

    if suite.minutes is None:
        raise ValueError('--time is for a suite with minutes.')
    with own_folder(work_dir):
        rows = time_suite(suite, work_dir, limits, launcher, env)
    return int(rows is None)


def _add_table(parser: CommandParser) -> None:
    add = parser.add
    add('--format', 'markdown, csv or latex', 'markdown', metavar='NAME')
    add('--metrics', 'instead of those of the suite', nargs='+')
    add('--resamples', 'of the bootstrap over images, 0 for none', 1000)
    add('--out', 'a file (default: the standard output)', metavar='FILE')


def _table(args: Namespace) -> None:
    from ..ablation.comparison.formats import FORMATS, format_comparison
    from ..utils import checks
    from ..utils.files import write_text

    checks.choice('format', args.format, FORMATS)
    text = format_comparison(_compare(args), args.format)
    if args.out:
        write_text(args.out, [text])
    else:
        print(text, end='')


def _compare(args: Namespace) -> Comparison:
    from ..ablation.comparison.comparison import compare_rows
    from ..ablation.comparison.results import read_results
    from ..ablation.suites.suite import read_suite
    from ..utils import checks

    checks.integer('resamples', args.resamples, 0)
    suite = read_suite(args.suite).with_seeds(args.seeds)
    suite = suite.with_metrics(args.metrics)
    results = read_results(suite, args.work_dir)
    return compare_rows(results, args.work_dir, args.resamples)


def _add_report(parser: CommandParser) -> None:
    add = parser.add
    add('--metrics', 'instead of those of the suite', nargs='+')
    add('--resamples', 'of the bootstrap over images, 0 for none', 1000)
    add('--scenes', 'images of the galleries, 0 for none', 2)
    where = 'the page (default: report.html in the work dir)'
    add('--out', where, metavar='FILE')


def _report(args: Namespace) -> None:
    from ..ablation.report.report import write_report
    from ..utils import checks

    scenes = checks.integer('scenes', args.scenes, 0)
    out = args.out or args.work_dir / 'report.html'
    print(write_report(_compare(args), out, scenes))
