"""timm without torchvision, of which its ResNet uses nothing.

PyPI's torchvision is built for PyPI's torch and cannot be imported beside
another build, such as the one for CPUs that CI installs; so it is neither
required nor installed.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest


class _AnyClass(type):
    """A class whose every attribute is such a class."""

    def __getattr__(cls, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return _AnyClass(name, (), {})


class _AnyModule(ModuleType):
    __path__ = []

    def __getattr__(self, name):
        return _AnyClass.__getattr__(self, name)


class _Finder:
    """Finds an empty torchvision."""

    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] == 'torchvision':
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _AnyModule(spec.name)

    def exec_module(self, module):
        """Nothing to run."""


def import_timm():
    """timm; the test is skipped where it is not installed."""
    if 'timm' in sys.modules:
        return sys.modules['timm']
    theirs = {
        name: sys.modules.pop(name)
        for name in list(sys.modules)
        if name.partition('.')[0] == 'torchvision'
    }
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        return import_module('timm')
    except ModuleNotFoundError:
        return pytest.skip('needs timm: pip install --no-deps timm')
    finally:
        sys.meta_path.remove(finder)
        for name in list(sys.modules):
            if name.partition('.')[0] == 'torchvision':
                del sys.modules[name]
        sys.modules.update(theirs)
