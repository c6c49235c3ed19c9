"""Compare two files of detections by a paired bootstrap over the images.

    python tools/analysis_tools/compare_detections.py a.npz b.npz \
        --gt annotations_test.csv --max-det 300

The files are as for evaluate_detections.py and must be of the same images.
"""

import argparse
import sys

from dense_scene.analysis.significance.bootstrap import compare_detections


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('first', help='.npz, .json or .csv')
    parser.add_argument('second', help='likewise')
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
    parser.add_argument(
        '--resamples',
        type=int,
        default=1000,
        metavar='N',
        help='choices of images (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--backend', default='auto')
    parser.add_argument('--workers', type=int, default=2, help='threads')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        result = compare_detections(
            args.first,
            args.second,
            args.gt,
            max_dets=args.max_det,
            resamples=args.resamples,
            seed=args.seed,
            backend=args.backend,
            workers=args.workers,
        )
    except (ImportError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Stopped.', file=sys.stderr)
        return 130
    print(result.format())
    return 0


if __name__ == '__main__':
    sys.exit(main())
