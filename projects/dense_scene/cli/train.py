"""Train a config: mim train mmdet, with threads that sleep while they wait.

    dense-scene train CONFIG --work-dir work_dirs/mine

What follows the config is that of mim train, among it --resume, --amp,
--launcher, --gpus, and --cfg-options KEY=VALUE ... OMP_WAIT_POLICY=PASSIVE
is set unless you set another: on a CPU that other work shares a training is
several times faster with it.
"""

from argparse import Namespace

from .through_mim import add_arguments as add_arguments
from .through_mim import run_mim


def run(args: Namespace) -> int:
    return run_mim('train', args)
