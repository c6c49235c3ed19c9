"""Boxes and counts of photos, without annotations.

    dense-scene predict photos --weights work_dirs/demo/epoch_5.pth \\
        --out predictions --pictures

INPUT is an image, a folder with all below it, a quoted pattern ('a/*.jpg') or
a COCO file. Writes counts.csv, boxes.csv (boxes that count), predictions.json
(COCO results, all boxes) with images.json, cvat.xml and label_studio.json.
The same command goes on where it was stopped. Code 3: some images are broken.
"""

import sys
from argparse import Namespace
from pathlib import Path

from .options import CommandParser

SCORE = 'count boxes above (default: of dense-scene calibrate, else 0.5)'
TILES = 'of large photos: auto, ROWSxCOLS or a side in pixels'


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    add('input', 'images', metavar='INPUT')
    add('--weights', 'a checkpoint, or model.onnx or .xml', required=True)
    add('--out', 'results', metavar='FOLDER', required=True)
    add_model(parser)
    add('--images', 'of a COCO file (default: its folder)', metavar='FOLDER')
    add('--score-thr', SCORE, type=float)
    add('--pictures', 'draw the boxes that count', False)


def add_model(parser: CommandParser) -> None:
    """How the model is run."""
    add = parser.add
    add('--config', 'of the model (default: in the weights)', metavar='FILE')
    add('--device', 'default: a GPU where there is one')
    add('--half', 'float16, on the CPU bfloat16', False)
    add('--batch-size', 'images at a time', 1)
    add('--tiles', TILES)


def model_options(args: Namespace) -> dict:
    """What :func:`add_model` added."""
    names = 'config', 'device', 'half', 'tiles', 'batch_size'
    return {name: getattr(args, name) for name in names}


def run(args: Namespace) -> int:
    from ..inference.load import load_detector
    from ..inference.photos import describe_others, find_photos
    from ..inference.predict import PICTURES, predict_photos, write_results
    from ..inference.record import make_folder
    from ..inference.threshold import read_threshold

    photos = find_photos(args.input, args.images, Path(args.out, PICTURES))
    if others := describe_others(photos):
        print(others, file=sys.stderr)
    make_folder(args.out)
    detector, settings = load_detector(args.weights, **model_options(args))
    origin = settings['exported_from']
    threshold = read_threshold(args.weights, args.score_thr, origin)
    outcome = predict_photos(
        detector, photos, args.out, settings, args.batch_size
    )
    total = write_results(
        outcome,
        detector.classes,
        threshold,
        args.out,
        photos.category_ids,
        args.pictures,
    )
    score, how = threshold.score, threshold.chosen_by
    print(
        f'{total} objects in {len(outcome.results)} images with a score '
        f'above {score:.3g} ({how}): {args.out}/counts.csv'
    )
    if outcome.faults:
        listed = ', '.join(outcome.faults)
        number = f'{len(outcome.faults)} of {len(photos)}'
        print(f'{number} images passed over: {listed}', file=sys.stderr)
        return 3
    return 0
