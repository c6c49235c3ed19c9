"""Fixtures shared by every test."""

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests import pretend_device

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser):
    parser.addoption(
        '--gpu-device',
        default='cuda',
        help='where GPU tests run; "cpu" tries the tests themselves',
    )


@pytest.fixture(autouse=True)
def _gpu(request):
    """Tests marked ``gpu`` have a pretended one where there is none."""
    there = torch.cuda.is_available()
    asked = request.config.getoption('--gpu-device') == 'cuda'
    if 'gpu' not in request.keywords or there or not asked:
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
def gpu(request) -> Iterator[torch.device]:
    """The device of GPU tests. Float32 there is float32: TensorFloat-32,
    torch's default in convolutions, has ten bits after the point."""
    flags = (torch.backends.cuda.matmul, torch.backends.cudnn)
    before = [flag.allow_tf32 for flag in flags]
    for flag in flags:
        flag.allow_tf32 = False
    yield torch.device(request.config.getoption('--gpu-device'))
    for flag, value in zip(flags, before):
        flag.allow_tf32 = value


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
