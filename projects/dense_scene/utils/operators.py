"""Whether mmcv has its operators."""

from importlib.util import find_spec


def require_operators() -> None:
    """ImportError in one line where mmcv is there without ``mmcv._ext``."""
    if not find_spec('mmcv._ext'):
        raise ImportError(
            'mmcv must have its operators, but mmcv-lite comes without. '
            'Install portable_ops, a folder of the same repository: '
            'pip install ./projects/portable_ops or, without a checkout, '
            'pip install "git+REPOSITORY#subdirectory=projects/portable_ops".'
        )
