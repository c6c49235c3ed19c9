"""A command that ends when we do, however we end."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Reads until nobody holds the other end of its standard input, which is when
# its parent has closed it or is dead; then ends the command and what the
# command has started.
_GUARD = (
    'import os, signal, sys, time\n'
    'signal.signal(signal.SIGINT, signal.SIG_IGN)\n'
    'sys.stdin.read()\n'
    'try:\n'
    '    os.killpg(int(sys.argv[1]), signal.SIGTERM)\n'
    '    for _ in range(50):\n'
    '        time.sleep(0.1)\n'
    '        os.killpg(int(sys.argv[1]), 0)\n'
    '    os.killpg(int(sys.argv[1]), signal.SIGKILL)\n'
    'except ProcessLookupError:\n'
    '    pass\n'
)


@contextmanager
def child_process(
    command: list[str], **kwargs: Any
) -> Iterator[subprocess.Popen]:
    """Run a command in a process group of its own, for as long as the block.

    When the block ends, the command is waited for; if the block raises
    (Ctrl-C, say) or this process is killed, by whatever signal, the command
    and its own children are ended. ``kwargs`` are those of ``Popen``.
    """
    if os.name == 'nt':
        with subprocess.Popen(command, **kwargs) as child:
            yield child
        return
    with subprocess.Popen(command, start_new_session=True, **kwargs) as child:
        guard = subprocess.Popen(
            [sys.executable, '-S', '-E', '-c', _GUARD, str(child.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield child
            child.wait()
            guard.kill()  # before the number of the group is anyone else's
        finally:
            assert guard.stdin is not None
            guard.stdin.close()
            child.wait()
            guard.wait()
