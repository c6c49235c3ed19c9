"""COCO evaluators behind one interface; none is patched into another."""

from importlib import import_module
from importlib.util import find_spec

from .base import CocoBackend, check_max_dets

_CLASSES = {'hotcoco': 'HotcocoBackend', 'pycocotools': 'PycocotoolsBackend'}

__all__ = ['CocoBackend', 'check_max_dets', 'load_backend']


def load_backend(name: str = 'auto') -> CocoBackend:
    """The evaluator of this name.

    Args:
        name (str): 'hotcoco', 'pycocotools', or 'auto': the first of them
            that is installed. Defaults to 'auto'.

    Raises:
        ValueError: If there is no backend of this name.
        ImportError: If its library is not installed.
    """
    if name not in ('auto', *_CLASSES):
        raise ValueError(
            f'backend must be one of {["auto", *_CLASSES]}, but got {name!r}. '
            'Choose one of them.'
        )
    installed = [item for item in _CLASSES if find_spec(item)]
    if name == 'auto' and installed:
        name = installed[0]
    if name not in installed:
        wanted = 'hotcoco' if name == 'auto' else name
        raise ImportError(
            f'backend {name!r} must have its library, but '
            f'{wanted} is not installed. Run: pip install '
            f'{wanted}'
        )
    module = import_module(f'.{name}_backend', __name__)
    return getattr(module, _CLASSES[name])()
