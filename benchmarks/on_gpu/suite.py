"""The tests that need a CUDA device."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time

from .bench import Bench
from .paths import ROOT

PROCESSES = 4
# Reads and builds every config of mmdet before its first test
LONG = ('test_sweep.py',)
# pytest is ended so long before the section would be.
RESERVE = 4


def measure(bench: Bench) -> None:
    """Run them; record the counts and every failure."""
    log = bench.file.with_name('tests.txt')
    start = time.monotonic()
    became = run(bench, log)
    text = log.read_text()
    outcomes = re.findall(r' (PASSED|FAILED|ERROR|SKIPPED)\b', text)
    counts = dict(
        passed=outcomes.count('PASSED'),
        failed=outcomes.count('FAILED') + outcomes.count('ERROR'),
        skipped=outcomes.count('SKIPPED'),
    )
    bench.note(
        'tests', became=became, seconds=time.monotonic() - start, **counts
    )
    # With its reason in the summary, without where it was not reached.
    failed = {}
    for name, reason in re.findall(
        r'(?:FAILED|ERROR) (tests/\S+)(?: - (.*))?', text
    ):
        failed[name] = reason or failed.get(name, '')
    for name, reason in failed.items():
        bench.note(name, error=reason[:500])


def run(bench: Bench, log) -> str:
    """Write pytest's output to a file; returns how it ended."""
    files = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / 'tests').rglob('test_*.py'))
        if 'mark.gpu' in path.read_text() and path.name not in LONG
    ]
    arguments = ['-m', 'gpu', '-v', '--tb=short', '-p', 'no:cacheprovider']
    arguments += ['-p', 'benchmarks.on_gpu.paths']
    arguments += ['--gpu-device', bench.device.type]
    if bench.dry:  # that pytest starts, and finds tests that pass
        files = ['tests/test_portable_ops/test_gpu.py']
        arguments += ['-k', 'test_nms']
    elif importlib.util.find_spec('xdist'):
        arguments += ['-n', str(PROCESSES)]
    command = [sys.executable, '-W', 'ignore', '-m', 'pytest']
    with log.open('w') as output:
        # A session of its own: to end pytest is to end its processes too,
        # which would otherwise disturb what is measured next.
        process = subprocess.Popen(
            [*command, *arguments, *files],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(max(bench.left() - RESERVE, 1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 'out of time'
    return f'exit status {status}'
