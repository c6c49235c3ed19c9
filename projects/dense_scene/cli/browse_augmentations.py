"""Draw what DetAutoAugment does to one image, with its boxes.

    dense-scene browse-augmentations sheet.jpg
    dense-scene browse-augmentations sheet.png --image photo.jpg \\
        --ann-file annotations_train.csv --policy v1

Without --policy there is a tile for each operation, with it one for each
sub-policy, drawn as in training. Without --image a rendered shelf is taken,
with translations and cutouts scaled as for a photo of SKU-110K.
"""

from argparse import Namespace

from ..analysis.previews.augmentation_sheet import write_augmentation_sheet
from .options import CommandParser

BOXES = 'COCO JSON, or a CSV of SKU-110K, with the boxes of the image'


def add_arguments(parser: CommandParser) -> None:
    parser.add('out', '.jpg or .png')
    parser.add('--image', 'a photo at full resolution', metavar='FILE')
    parser.add('--ann-file', BOXES, metavar='FILE')
    parser.add('--policy', 'v0, v1, v2 or v3')
    parser.add('--level', 'of the operations, 0 to 10', 8.0)
    parser.add('--seed', 'of signs, places and chosen boxes', 0)


def run(args: Namespace) -> None:
    if args.ann_file and not args.image:
        raise ValueError('--ann-file must be given with --image.')
    print(write_augmentation_sheet(**vars(args)))
