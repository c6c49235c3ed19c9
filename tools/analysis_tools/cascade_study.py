"""What the stages of a trained cascade do to boxes, by object density.

    python tools/analysis_tools/cascade_study.py CONFIG CHECKPOINT \\
        --out-dir work_dirs/study --num-images 100

Draws the IoU of boxes entering and leaving each stage into cascade_study.png
and writes the numbers beside it (.json, .csv). Run it again to go on where
it was stopped, or to draw what was measured in another way.
"""

import argparse
import sys

from mmengine.config import DictAction

from dense_scene.analysis.cascade.plot import draw_cascade_study
from dense_scene.analysis.cascade.report import write_cascade_report
from dense_scene.analysis.cascade.run import study_cascade


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('config', help='its test_dataloader names the images')
    add('checkpoint', help='of that model')
    add('--out-dir', default='work_dirs/cascade_study', metavar='DIR')
    add(
        '--num-images',
        type=int,
        metavar='N',
        help='evenly spread over the data (default: all)',
    )
    add(
        '--by',
        choices=('objects', 'neighbours'),
        default='objects',
        help='density: objects in the image, or close to the object',
    )
    add(
        '--min-iou',
        type=float,
        default=0.3,
        metavar='IOU',
        help='leave out proposals below it (default: %(default)s)',
    )
    add('--format', choices=('png', 'svg', 'pdf'), default='png')
    add('--device', help='default: a GPU where there is one')
    add('--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    figure = f'{args.out_dir}/cascade_study.{args.format}'
    try:
        study = study_cascade(
            args.config,
            args.checkpoint,
            args.out_dir,
            args.num_images,
            args.min_iou,
            args.cfg_options,
            args.device,
        )
        draw_cascade_study(study, figure, args.by)
        write_cascade_report(study, figure, args.by, vars(args))
    except (OSError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('stopped; the same command goes on from here', file=sys.stderr)
        return 130
    print(figure)
    return 0


if __name__ == '__main__':
    sys.exit(main())
