"""Test a checkpoint: mim test mmdet, with the environment that a CPU wants.

    dense-scene test CONFIG --checkpoint work_dirs/mine/epoch_12.pth

What follows the config is that of mim test, among it --out, --show-dir,
--tta, --launcher, --gpus, and --cfg-options KEY=VALUE ... About the
environment see dense-scene train --help.
"""

from argparse import Namespace

from .through_mim import add_arguments as add_arguments
from .through_mim import run_mim


def run(args: Namespace) -> int:
    return run_mim('test', args)
