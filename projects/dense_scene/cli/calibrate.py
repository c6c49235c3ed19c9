"""Choose the score from which on detections are counted.

    dense-scene calibrate --weights work_dirs/demo/epoch_5.pth \\
        --ann-file data/shelves-demo/annotations/val.json \\
        --images data/shelves-demo/val

Takes the score with the least counting error on these images, and writes it
beside the weights, where dense-scene predict finds it. Use validation data.
"""

from argparse import Namespace

from .options import CommandParser
from .predict import add_model, model_options

RECORD = 'boxes, to go on from (default: beside the weights)'


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    add('--weights', 'a checkpoint, or model.onnx or .xml', required=True)
    truth = 'annotations: COCO JSON, or a CSV of SKU-110K'
    add('--ann-file', truth, metavar='FILE', required=True)
    add('--images', 'their folder (default: that of FILE)', metavar='FOLDER')
    add('--out', RECORD, metavar='FOLDER')
    add_model(parser)


def run(args: Namespace) -> None:
    from ..inference.calibrate import calibrate_weights
    from ..inference.load import load_detector
    from ..inference.threshold import save_threshold

    detector, settings = load_detector(args.weights, **model_options(args))
    values = calibrate_weights(
        detector,
        args.weights,
        args.ann_file,
        args.images,
        settings,
        args.out,
        args.batch_size,
    )
    origin = settings['exported_from']
    path = save_threshold(args.weights, values, origin)
    print(
        f'count above {values["score_thr"]:.3g}: an error of '
        f'{values["MAE"]:.2f} objects an image on {values["images"]} images, '
        f'{values["MAE@0.5"]:.2f} above 0.5. Written to {path}'
    )
