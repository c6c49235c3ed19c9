"""Both sides of the parity tests. `make parity` sees no other conftest."""

import importlib.util
from pathlib import Path

import pytest
import torch

_EXT_FILE = (
    Path(__file__).parents[2] / 'projects/portable_ops/src/mmcv/_ext.py'
)


def pytest_collection_modifyitems(items):
    """Skip parity tests, visibly, where mmcv is not compiled."""
    found = importlib.util.find_spec('mmcv._ext')
    if found is not None and not found.origin.endswith('.py'):
        return
    skip = pytest.mark.skip(reason='needs compiled mmcv; run `make parity`')
    for item in items:
        if 'parity' in item.keywords:
            item.add_marker(skip)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope='session')
def portable():
    """Our mmcv/_ext.py under another name."""
    spec = importlib.util.spec_from_file_location('portable_ext', _EXT_FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def both(portable):
    """Call both modules with copies of the tensors.

    Returns ours and theirs, each as (what was returned, the copies).
    """
    compiled = importlib.import_module('mmcv._ext')

    def call(name, *tensors, **numbers):
        sides = []
        for module in (portable, compiled):
            copies = [tensor.clone() for tensor in tensors]
            result = getattr(module, name)(*copies, **numbers)
            sides.append((result, copies))
        return sides

    return call
