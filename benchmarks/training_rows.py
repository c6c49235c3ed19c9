"""What a training iteration of the CPU study costs, row by row.

    python benchmarks/training_rows.py --nuclei /data/nuclei
    python benchmarks/training_rows.py --nuclei /data/nuclei --allocator

Each row (baseline, dense sampling, instance-balanced) trains the same batches
in a process of its own, one thread; the rows take turns, each round with
another seed. Time is that of forward, backward and optimiser; memory is the
largest resident size of the process. Mean and Student's 95% interval over the
seeds. Shelves are rendered for the occasion, nuclei need their data set.
`--allocator` compares glibc's own settings with those of `dense-scene train`
instead, on the row dense sampling.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
NUCLEI = Path(os.environ.get('NUCLEI_ROOT', 'data/nuclei'))
ROWS = {
    'baseline': 'fpn',
    'dense sampling': 'fpn_dense-proposal',
    'instance-balanced': 'fpn_instance-balanced',
}


def measure(family: str, part: str, iterations: int, seed: int) -> None:
    """Train; print wall and core seconds of each iteration and peak MB."""
    import torch
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.optim import build_optim_wrapper
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner, set_random_seed

    import dense_scene  # noqa: F401

    torch.set_num_threads(1)
    init_default_scope('mmdet')
    set_random_seed(seed)
    name = f'cascade-rcnn_r18-scratch_{part}_1xb4-3e_{family}.py'
    cfg = Config.fromfile(ROOT / 'configs' / family / name)
    loader = cfg.train_dataloader
    loader.update(num_workers=0, persistent_workers=False)
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    wall, core = [], []
    batches = iter(Runner.build_dataloader(loader, seed=seed))
    for _ in range(iterations):
        batch = next(batches)
        start = time.perf_counter(), time.process_time()
        model.train_step(batch, optimizer)
        wall.append(time.perf_counter() - start[0])
        core.append(time.process_time() - start[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes on Linux, bytes on macOS.
    peak /= 2**20 if sys.platform == 'darwin' else 2**10
    print(json.dumps([wall, core, peak]))


def run(family: str, part: str, iterations: int, seed: int, env: dict) -> list:
    """The result of a process of its own."""
    output = subprocess.run(
        [
            sys.executable,
            __file__,
            '--measure',
            family,
            part,
            '--iterations',
            str(iterations),
            '--seed',
            str(seed),
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **env, 'OMP_NUM_THREADS': '1'},
    ).stdout
    return json.loads(output.splitlines()[-1])


def allocators() -> dict[str, tuple[str, dict]]:
    """One row with glibc's own settings and with ours."""
    from dense_scene.cli.environment import child_environment

    part, name = ROWS['dense sampling'], 'GLIBC_TUNABLES'
    return {
        "glibc's own": (part, {name: ''}),
        'dense-scene train': (part, {name: child_environment()[name]}),
    }


def report(
    family: str, cases: dict, iterations: int, rounds: int, env: dict
) -> None:
    """Print a table of the rows."""
    found = {row: [] for row in cases}
    for seed in range(rounds):
        for row, (part, more) in cases.items():
            found[row].append(
                run(family, part, iterations, seed, {**env, **more})
            )
    print(
        f'\n| {family} | core s per iteration | ratio | wall s | peak MB | '
        'ratio |\n|---|---|---|---|---|---|'
    )
    first = None
    for row, results in found.items():
        # The first iteration allocates; the median of the rest.
        core = [_median(result[1][1:]) for result in results]
        wall = [_median(result[0][1:]) for result in results]
        peak = [result[2] for result in results]
        first = first or (core, peak)
        print(
            f'| {row} | {_interval(core, 2)} | {_ratio(core, first[0])} | '
            f'{_interval(wall, 2)} | {_interval(peak, 0)} | '
            f'{_ratio(peak, first[1])} |'
        )


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _interval(values: list[float], digits: int) -> str:
    """Mean and Student's 95% interval over the seeds."""
    from dense_scene.ablation.runs.seeds import student_interval

    mean, half = student_interval(values)
    return f'{mean:.{digits}f} ± {half:.{digits}f}'


def _ratio(values: list[float], first: list[float]) -> str:
    """Seed by seed, since a seed has the same batches in every row."""
    return _interval([a / b for a, b in zip(values, first)], 2) + 'x'


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--nuclei',
        type=Path,
        default=NUCLEI,
        help='holds train.json and images/',
    )
    parser.add_argument('--iterations', type=int, default=8)
    parser.add_argument('--rounds', type=int, default=3, help='seeds')
    parser.add_argument('--allocator', action='store_true')
    parser.add_argument('--seed', type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument('--measure', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(*args.measure, args.iterations, args.seed)
        return
    os.environ.pop('GLIBC_TUNABLES', None)
    cases = {row: (part, {}) for row, part in ROWS.items()}
    if args.allocator:
        cases = allocators()
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores')
    if (args.nuclei / 'train.json').is_file():
        report(
            'nuclei',
            cases,
            args.iterations,
            args.rounds,
            {'NUCLEI_ROOT': str(args.nuclei)},
        )
    else:
        print(
            f'SKIPPED nuclei: {args.nuclei} holds no train.json; '
            'give the folder with --nuclei.'
        )
    from shelf_scenes.write import write_shelves

    with tempfile.TemporaryDirectory() as folder:
        write_shelves(
            folder,
            4 * args.iterations,
            size=512,
            objects=(100, 250),
            progress=False,
        )
        report(
            'shelves',
            cases,
            args.iterations,
            args.rounds,
            {'SHELVES_ROOT': folder},
        )


if __name__ == '__main__':
    main()
