"""Commands that are killed leave no half files, and go on when called again.

Each is killed at six random moments before it may end.
"""

import os
import random
import signal
import sys
import time

import pytest

from dense_scene.cli import main
from dense_scene.testing import tiny_coco, tiny_sku110k


def render(source, out):
    counts = ['--train', 12, '--val', 2, '--objects', 5, 9]
    return ['render-shelves', out, *counts, '--size', 160, '--workers', 2]


def convert(source, out):
    return ['convert', source / 'coco/annotations.json', out / 'out.csv'] + [
        *('--from', 'coco'),
        *('--to', 'csv'),
    ]


def prepare(source, out):
    return ['prepare-sku110k', source / 'sku', '--out', out, '--workers', 2]


def start(command):
    child = os.fork()
    if not child:
        code = 1
        try:
            with open(os.devnull, 'w') as nothing:
                sys.stdout = sys.stderr = nothing
                code = main([str(part) for part in command])
        finally:
            os._exit(code)
    return child


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp('source')
    tiny_coco(folder / 'coco', num_images=40)
    tiny_sku110k(folder / 'sku')
    return folder


def contents(folder):
    """Lines in any order, as workers end in any; no pages, which say when."""
    return {
        str(path.relative_to(folder)): sorted(path.read_bytes().split(b'\n'))
        for path in sorted(folder.rglob('*'))
        if path.is_file() and path.suffix not in ('.html', '.png')
    }


@pytest.mark.slow_systems
@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('tool', [render, convert, prepare])
def test_killed_and_called_again(tmp_path, source, tool, seed):
    rng = random.Random(seed)
    whole, killed = tmp_path / 'whole', tmp_path / 'killed'
    child = start(tool(source, whole))
    assert os.waitpid(child, 0)[1] == 0
    for _ in range(6):
        child = start(tool(source, killed))
        time.sleep(rng.uniform(0.0, 3.0))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    child = start(tool(source, killed))
    assert os.waitpid(child, 0)[1] == 0
    assert contents(killed) == contents(whole)
