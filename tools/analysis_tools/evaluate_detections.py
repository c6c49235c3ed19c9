"""Evaluate stored detections again, without inference.

    python tools/analysis_tools/evaluate_detections.py found.npz \
        --gt annotations_test.csv --max-dets 100 300 --nms-iou 0.5 0.6

DETECTIONS is what detection_file of DenseCocoMetric wrote (.npz), COCO results
(.json) or the CSV of the SKU-110K challenge (image_name, x1, y1, x2, y2,
score; no header).
"""

import argparse
import sys

from dense_scene.evaluation.stored.reevaluate import (
    evaluate_detections,
    format_results,
)


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
        '--max-dets',
        type=int,
        nargs='+',
        default=[100, 300],
        metavar='N',
        help='caps per image and class (default: 100 300)',
    )
    parser.add_argument(
        '--nms-iou',
        type=float,
        nargs='+',
        default=[],
        metavar='IOU',
        help='suppress once more at these thresholds',
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        nargs='+',
        default=[],
        metavar='SCORE',
        help='keep detections above these scores',
    )
    parser.add_argument(
        '--backend', default='auto', help='auto, hotcoco or pycocotools'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        print(
            format_results(
                evaluate_detections(
                    args.detections,
                    args.gt,
                    args.max_dets,
                    args.nms_iou,
                    args.score_thr,
                    args.backend,
                )
            )
        )
    except (ImportError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
