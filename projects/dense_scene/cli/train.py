"""Train a config: mim train mmdet, with the environment that a CPU wants.

    dense-scene train CONFIG --work-dir work_dirs/mine

What follows the config is that of mim train, among it --resume, --amp,
--launcher, --gpus, and --cfg-options KEY=VALUE ... OMP_WAIT_POLICY=PASSIVE
is set unless you set another: on a CPU that other work shares a training is
several times faster with it. So is GLIBC_TUNABLES: freed memory is kept for
the next step.
"""

from argparse import Namespace

from .through_mim import add_arguments as add_arguments
from .through_mim import run_mim


def run(args: Namespace) -> int:
    return run_mim('train', args)
