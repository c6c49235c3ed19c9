"""Where a run took place: commit, versions, hardware."""

import os
import platform
import subprocess
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from ...utils.worker_pool import available_cores

_PACKAGES = (
    'torch',
    'mmdet',
    'mmengine',
    'mmcv',
    'mmcv-lite',
    'portable-ops',
    'dense-scene',
    'hotcoco',
    'numpy',
)


def find_commit(folder: str | Path) -> str:
    """The git commit of a checkout, '+' behind it if files differ from it.

    Without git what ``GIT_COMMIT`` says, as in CI, else 'unknown'.
    """
    fallback = os.environ.get('GIT_COMMIT', 'unknown')
    git = ['git', '-C', str(folder)]
    try:
        commit = _output([*git, 'rev-parse', 'HEAD'])
        dirty = _output([*git, 'status', '--porcelain', '-uno'])
    except (OSError, subprocess.CalledProcessError):
        return fallback
    return commit + '+' * bool(dirty)


def find_versions() -> dict[str, str]:
    """Of Python and of the packages that results may depend on."""
    found = dict(python=platform.python_version())
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def utc_now() -> str:
    """Like 2026-01-31T12:00:00+00:00."""
    return datetime.now(timezone.utc).isoformat(timespec='seconds')


def describe_hardware(device: str) -> str:
    """Cores and processor, and the GPU if ``device`` is a number."""
    parts = [f'{available_cores()} cores of {_processor()}']
    if device.split(',')[0].isdigit() and torch.cuda.is_available():
        # Of the first of several: they are alike.
        name = torch.cuda.get_device_name(int(device.split(',')[0]))
        parts.insert(0, name)
    return ', '.join(parts)


def _processor() -> str:
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
        names = [x.split(':')[1].strip() for x in lines if 'model name' in x]
        return names[0]
    except (IndexError, OSError):
        return platform.processor() or platform.machine()


def _output(command: list[str]) -> str:
    pipe = subprocess.PIPE
    done = subprocess.run(command, stdout=pipe, stderr=pipe, check=True)
    return done.stdout.decode().strip()
