"""mim's commands, started with the environment that a CPU wants."""

import subprocess
import sys
from argparse import REMAINDER, Namespace
from pathlib import Path

from .environment import child_environment
from .options import CommandParser, find_config

CONFIG = 'a path, or a config of this project, folder/file.py, or of mmdet'


def add_arguments(parser: CommandParser) -> None:
    parser.add('config', CONFIG)
    rest = dict(nargs=REMAINDER, metavar='...')
    parser.add('arguments', 'handed to mim as they are', **rest)


def run_mim(command: str, args: Namespace) -> int:
    """Run ``mim COMMAND mmdet CONFIG ...`` and return its exit code.

    OpenMP reads OMP_WAIT_POLICY when torch is loaded, so it has to be set
    before that process starts.
    """
    config, own = args.config, find_config(args.config)
    if not Path(config).is_file() and Path(own).is_file():
        config = own  # mim looks into mmdet
    mim = [sys.executable, '-m', 'mim', command, 'mmdet', config]
    given = [*mim, *args.arguments]
    return subprocess.run(given, env=child_environment()).returncode
