"""Draw the losses of each cascade stage over training, of one or more runs.

    python tools/analysis_tools/plot_stage_losses.py work_dirs/my_run
    python tools/analysis_tools/plot_stage_losses.py work_dirs/a work_dirs/b \\
        --labels 'balanced L1' CIoU --out fig6.svg --csv fig6.csv

RUN is a work folder, one of the folders named after the time in it, or a
scalars.json. For the losses of every iteration train with --cfg-options
default_hooks.logger.interval=1 log_processor.window_size=1.
"""

import argparse
import sys

from dense_scene.ablation.runs.stage_loss_plot import draw_stage_losses


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('runs', nargs='+', metavar='RUN')
    parser.add_argument(
        '--out',
        default='stage_losses.png',
        metavar='FILE',
        help='.png, .svg or .pdf (default: %(default)s)',
    )
    parser.add_argument('--csv', metavar='FILE', help='write the numbers')
    parser.add_argument('--labels', nargs='+', help='one name for each run')
    parser.add_argument(
        '--smooth',
        type=float,
        default=100,
        metavar='ITERATIONS',
        help='a value that old counts 1/e of the newest; 0: no smoothing\n'
        '(default: %(default)s)',
    )
    parser.add_argument(
        '--unweighted',
        action='store_true',
        help="divide by the stage_loss_weights of each run's config, which\n"
        'make later stages look small',
    )
    parser.add_argument(
        '--log', action='store_true', help='logarithmic losses'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        draw_stage_losses(
            args.runs,
            args.out,
            args.labels,
            args.smooth,
            args.unweighted,
            args.log,
            args.csv,
        )
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(args.out)
    return 0


if __name__ == '__main__':
    sys.exit(main())
