"""Commands and workers end with the process that started them."""

import os
import signal
import subprocess
import sys
import time

import pytest

from dense_scene.utils import files
from dense_scene.utils.child_process import child_process

# Imported from their folder: the package itself takes seconds to import.
FOLDER = f'import sys; sys.path.insert(0, {os.path.dirname(files.__file__)!r})'
# Starts a command that starts another, as mim does; prints the other's
# number, and waits.
CHAIN = """
import subprocess, sys, time
inner = [sys.executable, '-c', 'import os, time; print(os.getpid(), '
         'flush=True); time.sleep(600)']
outer = [sys.executable, '-c', f'import subprocess; subprocess.run({inner!r})']
from child_process import child_process
with child_process(outer, stdout=subprocess.PIPE, text=True) as child:
    print(child.stdout.readline().strip(), flush=True)
    time.sleep(600)
"""
POOL = """
import os, time
from {module} import {name} as pool
def task(_):
    time.sleep(0.2)
    return os.getpid()
with pool(3) as workers:
    map_ = workers if callable(workers) else workers.map
    print(*set(map_(task, range(9))), flush=True)
    time.sleep(600)
"""
POOLS = [
    dict(module='worker_pool', name='worker_pool'),
    dict(module='shelf_scenes.write', name='_mapper'),
]


def is_alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def check_all_end(code, kind):
    parent = subprocess.Popen(
        [sys.executable, '-c', f'{FOLDER}\n{code}'],
        stdout=subprocess.PIPE,
        text=True,
    )
    pids = parent.stdout.readline().split()
    assert pids and all(map(is_alive, pids))
    parent.send_signal(kind)
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if not any(map(is_alive, pids)):
            return
        time.sleep(0.1)
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)
    raise AssertionError(f'{pids} outlived their parent')


pytestmark = pytest.mark.skipif(
    not os.path.isdir('/proc/self'), reason='needs /proc'
)


@pytest.mark.parametrize('kind', [signal.SIGKILL, signal.SIGTERM])
def test_what_a_command_started_ends_with_us(kind):
    check_all_end(CHAIN, kind)


@pytest.mark.parametrize('pool', POOLS, ids=lambda pool: pool['module'])
@pytest.mark.parametrize('kind', [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_us(pool, kind):
    check_all_end(POOL.format(**pool), kind)


def test_an_error_in_the_block_ends_the_command():
    command = [sys.executable, '-c', 'import time; time.sleep(600)']
    with pytest.raises(KeyboardInterrupt), child_process(command) as child:
        raise KeyboardInterrupt
    assert child.returncode == -signal.SIGTERM


def test_a_command_that_ends_is_waited_for():
    command = [sys.executable, '-c', 'raise SystemExit(3)']
    with child_process(command) as child:
        pass
    assert child.returncode == 3
