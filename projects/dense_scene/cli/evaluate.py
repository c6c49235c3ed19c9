"""Evaluate stored detections again, without inference.

    dense-scene evaluate found.npz --ann-file annotations_test.csv \\
        --max-dets 100 300 --nms-iou 0.5 0.6

DETECTIONS is what detection_file of DenseCocoMetric wrote (.npz), COCO results
(.json), the CSV of the SKU-110K challenge (image_name, x1, y1, x2, y2,
score), or the folder of predictions that DetInferencer wrote.
"""

from argparse import Namespace

from ..evaluation.stored.reevaluate import evaluate_detections, format_results
from .options import CommandParser


def add_arguments(parser: CommandParser) -> None:
    parser.add_detections('detections')
    add, several = parser.add, dict(type=float, nargs='+', default=())
    add('--max-dets', 'caps per image and class', [100, 300])
    add('--nms-iou', 'suppress once more', dest='nms_ious', **several)
    add('--score-thr', 'keep what is above', dest='score_thrs', **several)


def run(args: Namespace) -> None:
    print(format_results(evaluate_detections(**vars(args))))
