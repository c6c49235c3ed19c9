"""Draw the losses of each cascade stage over training, of one or more runs.

    dense-scene stage-losses work_dirs/my_run
    dense-scene stage-losses work_dirs/a work_dirs/b \\
        --labels 'balanced L1' CIoU --out fig6.svg --csv fig6.csv

RUN is a work folder, one of the folders named after the time in it, or a
scalars.json. For the losses of every iteration train with --cfg-options
default_hooks.logger.interval=1 log_processor.window_size=1.
"""

from argparse import Namespace

from .options import CommandParser

UNWEIGHTED = (
    "divide by the stage_loss_weights of each run's config, which "
    ' make later stages look small'
)
SMOOTH = 'a value that old counts 1/e of the newest; 0: no smoothing'


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    add('paths', 'where it was trained', nargs='+', metavar='RUN')
    add('--out', '.png, .svg or .pdf', 'stage_losses.png', metavar='FILE')
    add('--csv', 'write the numbers', dest='csv_file', metavar='FILE')
    add('--labels', 'one for each run', nargs='+', metavar='NAME')
    add('--smooth', SMOOTH, 100.0, metavar='ITERATIONS')
    add('--unweighted', UNWEIGHTED, False)
    add('--log', 'logarithmic losses', False, dest='log_scale')


def run(args: Namespace) -> None:
    # Here, so that --help does not wait for pandas and matplotlib.
    from ..ablation.runs.stage_loss_plot import draw_stage_losses

    draw_stage_losses(**vars(args))
    print(args.out)
