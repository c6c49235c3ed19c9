"""Render shelf scenes in COCO format: images, boxes and one JSON per split.

    python tools/dataset_converters/render_shelves.py data/shelves
    python tools/dataset_converters/render_shelves.py data/small \
        --train 200 --val 40 --size 512 --objects 20 60
    python tools/dataset_converters/render_shelves.py --sheet sheet.jpg
"""

import argparse
import sys
from pathlib import Path

from shelf_scenes.sheet import write_shelf_sheet
from shelf_scenes.write import write_shelves


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('folder', type=Path, nargs='?', help='root of the data set')
    add('--train', type=int, default=1000, help='number of training images')
    add('--val', type=int, default=100, help='number of validation images')
    add(
        '--size',
        type=int,
        nargs='+',
        default=[1024],
        metavar='PIXELS',
        help='side of the square images, or width and height',
    )
    add(
        '--objects',
        type=int,
        nargs=2,
        metavar=('FEWEST', 'MOST'),
        help='products per image; default: as in SKU-110K',
    )
    add('--seed', type=int, default=0)
    add('--workers', type=int, help='processes; default: all cores')
    add(
        '--sheet',
        type=Path,
        metavar='FILE',
        help='only draw a contact sheet into this file',
    )
    args = parser.parse_args(argv)
    if (args.folder is None) == (args.sheet is None):
        parser.error('give either a folder for the data set or --sheet FILE.')
    return args


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        if args.sheet:
            print(write_shelf_sheet(args.sheet))
            return 0
        size = args.size[0] if len(args.size) == 1 else args.size
        for split, count in (('train', args.train), ('val', args.val)):
            print(
                write_shelves(
                    args.folder,
                    count,
                    split,
                    size,
                    args.seed,
                    args.objects,
                    args.workers,
                )
            )
    except (OSError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Stopped; the same command goes on from here.', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
