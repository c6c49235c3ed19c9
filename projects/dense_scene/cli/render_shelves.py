"""Render shelf scenes in COCO format: images, boxes and one JSON per split.

    dense-scene render-shelves data/shelves
    dense-scene render-shelves data/small --train 200 --val 40 \\
        --size 512 --objects 20 60
    dense-scene render-shelves --sheet sheet.jpg
"""

from argparse import Namespace

from shelf_scenes.sheet import write_shelf_sheet
from shelf_scenes.write import write_shelves

from .options import CommandParser

OBJECTS = 'products per image (default: as in SKU-110K)'


def add_arguments(parser: CommandParser) -> None:
    add, objects = parser.add, dict(nargs=2, metavar=('FEWEST', 'MOST'))
    add('folder', 'root of the data set', nargs='?')
    add('--sheet', 'only draw a contact sheet into this file', metavar='FILE')
    add('--train', 'training images', 1000)
    add('--val', 'validation images', 100)
    add('--size', 'side in pixels, or width and height', [1024])
    add('--objects', OBJECTS, type=int, **objects)
    add('--seed', 'of the whole set', 0)
    add('--workers', 'processes (default: all cores)', type=int)


def run(args: Namespace) -> None:
    if (args.folder is None) == (args.sheet is None):
        raise ValueError('give either a folder or --sheet FILE.')
    if args.sheet:
        print(write_shelf_sheet(args.sheet))
        return
    size = args.size[0] if len(args.size) == 1 else args.size
    rest = size, args.seed, args.objects, args.workers
    for split, count in (('train', args.train), ('val', args.val)):
        print(write_shelves(args.folder, count, split, *rest))
