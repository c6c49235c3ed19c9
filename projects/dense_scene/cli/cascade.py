"""What the stages of a trained cascade do to boxes, by object density.

    dense-scene cascade CONFIG CHECKPOINT --out work_dirs/study \\
        --num-images 100

Draws the IoU of boxes entering and leaving each stage into cascade_study.png
and writes the numbers beside it (.json, .csv). Run it again to go on where
it was stopped, or to draw what was measured in another way.
"""

from argparse import Namespace

from mmengine.config import DictAction

from ..analysis.cascade.plot import draw_cascade_study
from ..analysis.cascade.report import write_cascade_report
from ..analysis.cascade.run import study_cascade
from .options import CommandParser

CHANGES = 'overrides of the config'
BY = 'density: objects in the image, or close to the object'


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    add('config', 'its test_dataloader names the images')
    add('checkpoint', 'of that model')
    add('--out', 'results', 'work_dirs/cascade_study', metavar='FOLDER')
    add('--num-images', 'spread over the data (default: all)', type=int)
    add('--by', BY, 'objects', choices=('objects', 'neighbours'))
    add('--min-iou', 'leave out proposals below it', 0.3)
    add('--format', 'of the figure', 'png', choices=('png', 'svg', 'pdf'))
    add('--device', 'default: a GPU where there is one')
    add('--cfg-options', CHANGES, nargs='+', action=DictAction, metavar='K=V')


def run(args: Namespace) -> None:
    how = args.num_images, args.min_iou, args.cfg_options, args.device
    study = study_cascade(args.config, args.checkpoint, args.out, *how)
    figure = f'{args.out}/cascade_study.{args.format}'
    draw_cascade_study(study, figure, args.by)
    write_cascade_report(study, figure, args.by, vars(args))
    print(figure)
