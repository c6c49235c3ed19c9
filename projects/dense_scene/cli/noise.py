"""Messages of the stack that a user can do nothing about."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# How the messages begin.
IGNORED_WARNINGS = (
    'pkg_resources is deprecated',
    '`torch.jit',
    '`torch.cuda.amp',
    'palette does not exist',
    'Failed to add <class',  # a visualizer without a folder, as it should be
)
_LOG = (
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias',
    'Using env variable',
    'Failed to search registry with scope "mmdet" in the "function"',
)


@contextmanager
def quiet() -> Iterator[None]:
    """Leave them out, and send mmengine's log to the standard error."""
    logger = _logger()
    terminal = [h for h in logger.handlers if type(h) is logging.StreamHandler]
    before = [handler.stream for handler in terminal]
    for handler in terminal:
        handler.stream = sys.stderr
    logger.addFilter(_is_news)
    try:
        with warnings.catch_warnings():
            for message in IGNORED_WARNINGS:
                warnings.filterwarnings('ignore', message)
            yield
    finally:
        logger.removeFilter(_is_news)
        for handler, stream in zip(terminal, before):
            handler.stream = stream


def _logger() -> logging.Logger:
    """The log of mmengine, which asks torch for the rank of its process.

    It takes rank 0 where there is no torch. Loading that takes seconds, and a
    command is one process.
    """
    from mmengine.logging import MMLogger  # --help needs none

    if 'torch' in sys.modules:
        return MMLogger.get_current_instance()
    sys.modules['torch'] = None  # to import it is an ImportError
    try:
        return MMLogger.get_current_instance()
    finally:
        del sys.modules['torch']


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(_LOG)
