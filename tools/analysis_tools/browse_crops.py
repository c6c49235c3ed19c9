"""Draw what TileCrop and DenseRandomCrop do to a rendered shelf.

    python tools/analysis_tools/browse_crops.py crops.png --seed 3

Boxes to be found are blue, those to be ignored orange. For the crops of your
own pipeline and data: mim run mmdet browse_dataset CONFIG --output-dir DIR
"""

import argparse
import sys

from dense_scene.analysis.previews.crop_sheet import write_crop_sheet


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('out', help='.jpg or .png')
    parser.add_argument(
        '--seed',
        type=int,
        default=3,
        help='of the shelf and the window (default: %(default)s)',
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        print(write_crop_sheet(args.out, args.seed))
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
