"""Run from the checkout, installed or not.

As a pytest plugin (``-p benchmarks.on_gpu.paths``) it does the same for the
tests: a rented machine has a torch of its own, and our packages come along
as files.
"""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT, ROOT / 'projects', ROOT / 'projects/portable_ops/src')


def use_checkout() -> None:
    """Put the checkout first, here and in processes started from here."""
    ours = [str(folder) for folder in FOLDERS]
    sys.path[:0] = [folder for folder in ours if folder not in sys.path]
    others = os.environ.get('PYTHONPATH', '').split(os.pathsep)
    paths = [*ours, *(path for path in others if path and path not in ours)]
    os.environ['PYTHONPATH'] = os.pathsep.join(paths)
    import mmcv

    if importlib.util.find_spec('mmcv._ext') is None:
        mmcv.__path__.append(str(ROOT / 'projects/portable_ops/src/mmcv'))


use_checkout()
