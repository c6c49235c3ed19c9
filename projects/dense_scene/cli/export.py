"""Write a whole detector, from pixels to the boxes that NMS leaves.

    dense-scene export CONFIG WEIGHTS --to onnx --out model.onnx
    dense-scene predict photos --weights model.onnx --out predictions

Image size and number of boxes are free; the caps are those of the config.
onnx and openvino need dense-scene[export].
"""

import sys
from argparse import Namespace
from contextlib import redirect_stdout
from pathlib import Path

from .options import CommandParser

OUT = 'default: beside the weights'
# inference/export/write.py, which loads torch, has their endings.
TARGETS = 'onnx', 'openvino', 'pt2'


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    add('config', "the model's config", metavar='CONFIG')
    add('weights', 'a checkpoint of it', metavar='WEIGHTS')
    add('--to', 'format', 'onnx', choices=TARGETS, dest='target')
    add('--out', OUT, metavar='FILE')


def run(args: Namespace) -> None:
    from ..evaluation.stored.detection_file import describe_file
    from ..inference.export.write import (
        ENDINGS,
        export_detector,
        pipeline_meta,
    )
    from ..inference.torch_detector import TorchDetector

    with redirect_stdout(sys.stderr):  # mmengine prints what it loads
        detector = TorchDetector(args.weights, args.config, 'cpu')
    digest = describe_file('weights', args.weights)['weights_sha256']
    meta = pipeline_meta(detector.classes, detector.cfg, digest)
    path = args.out or Path(args.weights).with_suffix(ENDINGS[args.target])
    written = export_detector(detector.model, path, args.target, meta)
    print(written)
