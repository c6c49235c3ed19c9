"""What Python 3.14 dropped and mmengine 0.10 still calls."""

import pkgutil
from importlib.util import find_spec
from typing import Any


def find_loader(fullname: str) -> Any:
    """The loader of a module, None if there is no such module."""
    try:
        spec = find_spec(fullname)
    except (AttributeError, ImportError, TypeError, ValueError) as error:
        raise ImportError(f'Error while finding loader: {error}') from error
    return spec.loader if spec else None


def offer_find_loader() -> None:
    """Give ``pkgutil`` its ``find_loader`` back where it has none.

    ``mmcv_full_available`` calls it, and with it every Runner of one process
    and every DetInferencer. Where Python has it nothing is changed.
    """
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = find_loader  # type: ignore[attr-defined]
