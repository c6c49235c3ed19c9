"""Why a run failed, in a few words."""

import re
import signal
from collections.abc import Sequence

_REASONS = (
    (
        r'out of memory|OutOfMemoryError|alloc_cpu|DefaultCPUAllocator'
        r'|MemoryError',
        'out of memory',
    ),
    (r'No space left on device|Disk quota exceeded', 'the disk is full'),
)
_ERROR = re.compile(r'^\w[\w.]*(Error|Exception|Interrupt|Exit)\b')


def explain_failure(code: int, lines: Sequence[str]) -> str:
    """Out of memory and a full disk by name, else the last error or code.

    Args:
        code (int): Of the process; below 0 a signal.
        lines (Sequence[str]): The end of its log.
    """
    text = '\n'.join(lines)
    for pattern, reason in _REASONS:
        if re.search(pattern, text):
            return reason
    if code < 0:
        name = signal.Signals(-code).name
        hint = ', as by a system out of memory' * (name == 'SIGKILL')
        return f'ended by {name}{hint}'
    errors = [line for line in lines if _ERROR.match(line)]
    return errors[-1] if errors else f'exit code {code}'
