"""Make COCO or CSV of COCO, CVAT, Pascal VOC, YOLO or CSV annotations.

    dense-scene convert xml train.json --from voc --to coco
    dense-scene convert labels train.json --from yolo --to coco \\
        --images images --classes bottle can
    dense-scene convert found.npz found.csv --from detections --to csv \\
        --ann-file val.json

SRC is a folder for voc and yolo, a file otherwise; sku is SKU-110K's, csv has
a header: image x1 y1 x2 y2 [class image_width image_height ignored].
"""

from argparse import Namespace

from ..datasets.importers.convert import TARGETS, convert_annotations
from ..datasets.importers.read_annotations import SOURCES
from ..evaluation.stored.files import convert_detections
from .options import CommandParser

IMAGES = 'needed for yolo, and where sizes are missing; else they are checked'
TO = 'format of OUT; `coco convert` writes VOC, YOLO and CVAT'
OFFSET = '1: the XML counts pixels from 1; 0: it holds edges'


def add_arguments(parser: CommandParser) -> None:
    add = parser.add
    source = dict(dest='source_format', choices=[*SOURCES, 'detections'])
    target = dict(dest='target_format', choices=TARGETS)
    add('source', 'a folder or a file', metavar='SRC')
    add('target', 'a file, replaced at once', metavar='OUT')
    add('--from', 'format of SRC', required=True, **source)
    add('--to', TO, required=True, **target)
    add('--images', IMAGES, metavar='FOLDER')
    add('--classes', 'all, in wanted order', nargs='+', metavar='NAME')
    add('--voc-offset', OFFSET, 1.0, metavar='PIXELS')
    add('--digits', 'decimals of a pixel', 3)
    add('--clip', 'cut boxes at the image edge', False)
    add('--ann-file', 'ground truth of detections', metavar='FILE')


def run(args: Namespace) -> None:
    given = vars(args)
    ann_file = given.pop('ann_file')
    if args.source_format == 'detections':
        out = args.target, args.target_format, args.digits
        print(convert_detections(args.source, ann_file, *out))
    else:
        print(convert_annotations(**given, progress=True).summary())
