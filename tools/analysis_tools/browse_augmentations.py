"""Draw what DetAutoAugment does to one image, with its boxes.

    python tools/analysis_tools/browse_augmentations.py sheet.jpg
    python tools/analysis_tools/browse_augmentations.py sheet.png \
        --image photo.jpg --gt annotations_train.csv --policy v1

Without --policy there is a tile for each operation, without --image a rendered
shelf, with translations and cutouts scaled as for a photo of SKU-110K.
"""

import argparse
import sys

from dense_scene.analysis.previews.augmentation_sheet import (
    write_augmentation_sheet,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('out', help='.jpg or .png')
    add('--image', help='a photo at full resolution')
    add(
        '--gt',
        metavar='FILE',
        help='COCO JSON, or a CSV of SKU-110K, with its boxes',
    )
    add(
        '--policy',
        help='v0, v1, v2 or v3: a tile for each sub-policy,\n'
        'its operations drawn as in training',
    )
    add(
        '--level',
        type=float,
        default=8,
        help='of the operations, 0 to 10 (default: %(default)s)',
    )
    add('--seed', type=int, default=0, help='default: %(default)s')
    args = parser.parse_args(argv)
    if args.gt and not args.image:
        parser.error('--gt goes with --image.')
    return args


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        print(
            write_augmentation_sheet(
                args.out,
                args.image,
                args.gt,
                args.policy,
                args.level,
                args.seed,
            )
        )
    except (OSError, TypeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
