"""Helpers that run the stock tools as a user would: in processes."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMOKE = (
    ROOT / 'configs/smoke/cascade-rcnn_r101-scratch_fpn_dense-proposal-'
    'balanced-l1_smoke_shelves.py'
)
# The same with a small backbone, where the test is not about the model.
SMALL = ['model.backbone.depth=18', 'model.neck.in_channels=[64,128,256,512]']


def environment(**extra: str) -> dict:
    """The caller's environment without PYTHONPATH: the install counts."""
    env = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
    # `mim` and `python` of a README block are those that run the tests.
    env['PATH'] = os.pathsep.join(
        [str(Path(sys.executable).parent), env['PATH']]
    )
    # As the Makefile does: spinning threads starve a machine with two cores.
    env.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    return {**env, **extra}


def run(
    command: str | list, cwd: Path, timeout: float = 300, **env: str
) -> subprocess.CompletedProcess:
    """Run a command and fail with its output if it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(**env),
        shell=isinstance(command, str),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f'{command}\n{done.stdout[-6000:]}'
    return done
