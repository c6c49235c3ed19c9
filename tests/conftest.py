"""Fixtures shared by every test."""

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
