"""Fixtures shared by every test."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items):
    """Skip GPU tests, visibly, where there is no CUDA device."""
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason='needs a CUDA device; none here')
    for item in items:
        if 'gpu' in item.keywords:
            item.add_marker(skip)


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
