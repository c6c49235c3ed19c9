"""Measure a data set and print what it asks of a config, as a config.

    dense-scene advise train.json --out advised.py

Anchors, sampler and proposal numbers, caps, NMS thresholds and image scale,
each under a comment with the figure that it follows from. What is printed is
the file: a child of --base.
"""

from argparse import Namespace

from ..analysis.advice.advise import advise_config
from ..datasets.importers.read_annotations import SOURCES, guess_format
from .options import CommandParser, find_config

SKU_BASE = 'cascade_rcnn/cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py'
BASE = 'shelves/cascade-rcnn_r101-scratch_fpn_1xb2-24e_shelves.py'
ANN_FILE = 'COCO JSON, CSV, or a folder of VOC XML or YOLO text files'
PARENT = 'default: the baseline on SKU-110K for its CSV, else on shelves'


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    add('ann_file', ANN_FILE)
    add('--from', 'what it is', dest='source_format', choices=SOURCES)
    add('--images', 'needed for yolo', metavar='FOLDER')
    add('--classes', 'of yolo, in wanted order', nargs='+', metavar='NAME')
    add('--scale', 'limits of the resized image', [1333, 800], nargs=2)
    add('--anchors', 'anchors per location', 3)
    add('--base', PARENT, metavar='CONFIG')
    add('--out', 'write the config too', metavar='PY')
    add('--seed', 'of the fit', 0)


def run(args: Namespace) -> None:
    args.source_format = args.source_format or guess_format(args.ann_file)
    base = SKU_BASE if args.source_format == 'sku' else BASE
    args.base = args.base or find_config(base)
    print(advise_config(**vars(args)), end='')
