"""What a machine with a GPU can tell, in nine minutes, as one command.

    python3 benchmarks/gpu.py [--seconds 540] [--sections tests,operators]

Tests marked gpu; portable_ops beside torchvision's kernels; assigner and
samplers beside mmdet's; training step, prediction and memory of Cascade R-CNN
R101 at 1333 x 800; torch.compile; DDQ-DETR's training beside mmdet's; the
baseline and dense sampling on nuclei (NUCLEI_ROOT). Needs a CUDA torch and
this checkout, no network and no install: `make gpu` runs it in .venv.

Every section is a process with a share of the time. What it found is in
OUT/<section>.json after each row and in OUT/gpu.json after each section, so
that a section that fails, hangs or is killed takes nothing else with it.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.on_gpu.paths import ROOT  # noqa: E402  finds our packages

# In this order, with the module in on_gpu/ and its share of the time. What a
# section leaves goes to those after it.
SECTIONS = {
    'tests': ('suite', 100),
    'operators': ('operators', 60),
    'matching': ('matching', 60),
    'detector': ('detector', 120),
    'compiled': ('compiled', 90),
    'queries': ('queries', 60),
    'rows': ('rows', 110),
}
# A section ends by itself; if it does not, it is ended after so long.
GRACE = 8


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=ROOT / 'work_dirs/gpu')
    parser.add_argument('--seconds', type=float, default=540)
    parser.add_argument('--sections', default=','.join(SECTIONS))
    parser.add_argument('--device', default='cuda')
    parser.add_argument(
        '--dry',
        action='store_true',
        help='everything small, on the CPU, in one process',
    )
    parser.add_argument('--worker', help=argparse.SUPPRESS)
    parser.add_argument('--until', type=float, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    args.sections = args.sections.split(',')
    unknown = sorted(set(args.sections) - set(SECTIONS))
    if unknown:
        parser.error(
            f'--sections must be of {", ".join(SECTIONS)}, but got '
            f'{", ".join(unknown)}.'
        )
    if args.dry:
        args.device = 'cpu'
    return args


def environment(device: str) -> dict:
    """What the numbers depend on."""
    import torch

    facts = dict(
        python=platform.python_version(),
        torch=torch.__version__,
        cuda=torch.version.cuda,
        cores=os.cpu_count(),
        load=os.getloadavg()[0],
    )
    if device == 'cuda':
        properties = torch.cuda.get_device_properties(0)
        facts.update(
            gpu=properties.name,
            gpu_GiB=round(properties.total_memory / 2**30, 1),
            cudnn=torch.backends.cudnn.version(),
        )
    return facts


def run_section(name: str, args: argparse.Namespace, seconds: float) -> str:
    """Measure in this process, as a worker does and the dry run."""
    import warnings

    from benchmarks.on_gpu.bench import Bench, one_line

    # mmengine imports pkg_resources anew for every config.
    warnings.filterwarnings('ignore', 'pkg_resources')
    file = args.out / f'{name}.json'
    bench = Bench(file, args.device, seconds, args.dry)
    module, _ = SECTIONS[name]
    try:
        part = importlib.import_module(f'benchmarks.on_gpu.{module}')
        part.measure(bench)
    except Exception as error:
        bench.note(name, error=one_line(error))
    return 'done'


def start_section(name: str, args: argparse.Namespace, seconds: float) -> str:
    """Measure in a process of its own; returns what became of it."""
    command = [sys.executable, '-W', 'ignore', __file__, '--worker', name]
    command += ['--out', str(args.out), '--device', args.device]
    # An instant, as the imports of the worker take their time, too.
    command += ['--until', str(time.time() + seconds)]
    log = args.out / f'{name}.log'
    with log.open('w') as errors:
        process = subprocess.Popen(command, stderr=errors)
        try:
            status = process.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f'ended after {seconds + GRACE:.0f} s'
    if status == 0:
        return 'done'
    last = log.read_text().strip().splitlines()[-1:]
    return f'exit status {status}: {"".join(last)[:300]}'


def main(arguments: list[str] | None = None) -> dict:
    """Run the sections; returns what was written."""
    args = parse(arguments)
    args.out = args.out.resolve()
    if args.worker:
        run_section(args.worker, args, args.until - time.time())
        return {}
    import torch

    if args.device == 'cuda' and not torch.cuda.is_available():
        print('SKIPPED: torch finds no CUDA device. Try it with --dry.')
        return {}
    args.out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + args.seconds
    results = dict(environment=environment(args.device), sections={})
    print(json.dumps(results['environment']), flush=True)
    for index, name in enumerate(args.sections):
        shares = [SECTIONS[other][1] for other in args.sections[index:]]
        left = end - time.monotonic() - GRACE
        seconds = max(left * shares[0] / sum(shares), 1)
        file = args.out / f'{name}.json'
        file.unlink(missing_ok=True)
        print(f'== {name}, up to {seconds:.0f} s', flush=True)
        start = time.monotonic()
        run = run_section if args.dry else start_section
        became = run(name, args, seconds)
        results['sections'][name] = dict(
            became=became,
            seconds=round(time.monotonic() - start, 1),
            rows=json.loads(file.read_text()) if file.exists() else [],
        )
        print(f'   {became}', flush=True)
        temporary = args.out / 'gpu.part'
        temporary.write_text(json.dumps(results, indent=1))
        temporary.replace(args.out / 'gpu.json')
    return results


if __name__ == '__main__':
    main()
