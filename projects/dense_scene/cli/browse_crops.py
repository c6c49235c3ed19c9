"""Draw what TileCrop and DenseRandomCrop do to a rendered shelf.

    dense-scene browse-crops crops.png --seed 3

Boxes to be found are blue, those to be ignored orange. For the crops of your
own pipeline and data: mim run mmdet browse_dataset CONFIG --output-dir DIR
"""

from argparse import Namespace

from ..analysis.previews.crop_sheet import write_crop_sheet
from .options import CommandParser


def add_arguments(parser: CommandParser) -> None:
    parser.add('out', '.jpg or .png')
    parser.add('--seed', 'of the shelf and the window', 3)


def run(args: Namespace) -> None:
    print(write_crop_sheet(**vars(args)))
