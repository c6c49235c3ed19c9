"""mim's commands, started with the environment that a CPU wants."""

import subprocess
import sys
from argparse import REMAINDER, Namespace

from .noise import child_environment
from .options import CommandParser


def add_arguments(parser: CommandParser) -> None:
    parser.add('config', 'a path, or the name of a config of mmdet')
    rest = dict(nargs=REMAINDER, metavar='...')
    parser.add('arguments', 'handed to mim as they are', **rest)


def run_mim(command: str, args: Namespace) -> int:
    """Run ``mim COMMAND mmdet CONFIG ...`` and return its exit code.

    OpenMP reads OMP_WAIT_POLICY when torch is loaded, so it has to be set
    before that process starts.
    """
    mim = [sys.executable, '-m', 'mim', command, 'mmdet', args.config]
    given = [*mim, *args.arguments]
    return subprocess.run(given, env=child_environment()).returncode
