"""Fixtures shared by every test."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from tests import pretend_device

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _gpu(request):
    """Tests marked ``gpu`` have a pretended one where there is none."""
    if 'gpu' not in request.keywords or torch.cuda.is_available():
        yield
    elif not pretend_device.AVAILABLE:
        pytest.skip('needs a CUDA device, or torch 2.9 to pretend one')
    else:
        with pretend_device.pretend_gpu():
            yield


@pytest.fixture
def root() -> Path:
    """The repository's root folder."""
    return ROOT


@pytest.fixture
def generator() -> torch.Generator:
    """A seeded CPU generator: random inputs, the same on every run."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def cli(capsys, monkeypatch):
    """Run a command of ``dense-scene``: exit code, output and errors."""
    from mmengine.logging import MMLogger

    from dense_scene.cli import main

    # A logger keeps the output of the test in which it was made.
    monkeypatch.setattr(MMLogger, '_instance_dict', OrderedDict())

    def _run(command, *arguments):
        status = main([command, *map(str, arguments)])
        return status, *capsys.readouterr()

    return _run
