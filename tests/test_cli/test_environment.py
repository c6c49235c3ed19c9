"""What processes that train and test are started with."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from dense_scene.cli.environment import child_environment

# So many times 96 MiB, written and freed; then the pages that were zeroed.
_TOUCH = """
import resource, sys
for _ in range(int(sys.argv[1])):
    b'x' * (96 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.parametrize(
    ('name', 'other'),
    [
        ('OMP_WAIT_POLICY', 'ACTIVE'),
        ('GLIBC_TUNABLES', 'glibc.malloc.arena_max=1'),
    ],
)
def test_what_a_user_sets_is_kept(monkeypatch, name, other):
    monkeypatch.delenv(name, raising=False)
    assert child_environment()[name] != other
    monkeypatch.setenv(name, other)
    assert child_environment()[name] == other


def test_the_docs_give_the_same_line(monkeypatch):
    monkeypatch.delenv('GLIBC_TUNABLES', raising=False)
    limits = Path(__file__).parents[2] / 'docs/limits.md'
    line = f'`export GLIBC_TUNABLES={child_environment()["GLIBC_TUNABLES"]}`'
    assert line in limits.read_text()


@pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='another C library'
)
def test_freed_memory_is_used_again(monkeypatch):
    monkeypatch.delenv('GLIBC_TUNABLES', raising=False)
    # Zeroed once, in place of ten times; pages of 2 MiB are fewer.
    pages = (96 << 20) // os.sysconf('SC_PAGE_SIZE')
    assert _page_faults(10) - _page_faults(0) < 2 * pages


def _page_faults(rounds: int) -> int:
    command = [sys.executable, '-c', _TOUCH, str(rounds)]
    env = child_environment()
    return int(subprocess.check_output(command, env=env, text=True))
