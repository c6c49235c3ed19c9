"""Sort the errors of stored detections by kind, and draw the worst images.

    python tools/analysis_tools/analyse_errors.py found.npz \
        --gt annotations_test.csv --images SKU110K_fixed/images --gallery out

DETECTIONS is as for evaluate_detections.py.
"""

import argparse
import sys

from dense_scene.analysis.errors.gallery import draw_error_gallery
from dense_scene.analysis.errors.measure import analyse_error_file


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('detections', help='.npz, .json or .csv')
    parser.add_argument(
        '--gt', required=True, help='COCO JSON, or a CSV of SKU-110K'
    )
    parser.add_argument(
        '--max-det',
        type=int,
        default=300,
        metavar='N',
        help='cap per image and class (default: %(default)s)',
    )
    parser.add_argument('--out', metavar='JSON', help='write the numbers')
    parser.add_argument('--images', metavar='DIR', help='the image folder')
    parser.add_argument('--gallery', metavar='DIR', help='write pictures')
    parser.add_argument(
        '--worst',
        type=int,
        default=12,
        metavar='N',
        help='how many pictures (default: %(default)s)',
    )
    parser.add_argument('--backend', default='auto')
    args = parser.parse_args(argv)
    if (args.gallery is None) != (args.images is None):
        parser.error('--gallery and --images must be given together.')
    return args


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        report = analyse_error_file(
            args.detections, args.gt, args.max_det, args.backend
        )
        print(report.format())
        if args.out:
            report.save(args.out)
        if args.gallery:
            draw_error_gallery(report, args.images, args.gallery, args.worst)
    except (ImportError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
