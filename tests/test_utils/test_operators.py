"""Without operators the import says what to install."""

import subprocess
import sys

import pytest

from dense_scene.utils import operators


def test_operators_that_are_there():
    operators.require_operators()


def test_one_line_names_what_to_install(monkeypatch):
    monkeypatch.setattr(operators, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match='Install portable_ops') as caught:
        operators.require_operators()
    assert '\n' not in str(caught.value)


@pytest.mark.slow
def test_it_is_said_before_mmdet_fails():
    # As mmcv-lite alone: its folder without _ext.
    code = (
        'import sys\n'
        'sys.modules["mmcv._ext"] = None\n'
        'import importlib.util as u\n'
        'find = u.find_spec\n'
        'u.find_spec = lambda n, p=None: n != "mmcv._ext" and find(n, p)\n'
        'import dense_scene\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith('ImportError: mmcv must have its operators')
