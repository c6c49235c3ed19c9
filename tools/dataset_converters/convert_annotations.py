"""Convert annotations between COCO JSON, Pascal VOC, YOLO and CSV.

    python convert_annotations.py xml train.json --from voc --to coco
    python convert_annotations.py labels train.json --from yolo --to coco \\
        --images images --classes bottle can
    python convert_annotations.py found.npz found.csv --from detections \\
        --to csv --ground-truth val.json

SRC and OUT are folders for voc and yolo, files otherwise; sku is SKU-110K's,
csv has a header: image x1 y1 x2 y2 [class image_width image_height ignored].
"""

import argparse
import sys

from dense_scene.datasets.importers.convert import TARGETS, convert_annotations
from dense_scene.datasets.importers.read_annotations import SOURCES
from dense_scene.evaluation.stored.files import convert_detections


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('source', metavar='SRC')
    add('target', metavar='OUT', help='a folder must be new or empty')
    add(
        '--from',
        dest='source_format',
        required=True,
        choices=[*SOURCES, 'detections'],
    )
    add('--to', dest='target_format', required=True, choices=TARGETS)
    add(
        '--images',
        metavar='FOLDER',
        help='needed for yolo, and where sizes '
        'are missing;\notherwise the sizes are compared',
    )
    add('--classes', nargs='+', metavar='NAME', help='all, in wanted order')
    add(
        '--voc-offset',
        type=float,
        default=1,
        metavar='PIXELS',
        help='1 (default): the XML counts pixels from 1; 0: it holds edges',
    )
    add('--digits', type=int, default=3, help='decimals of a pixel (3)')
    add('--clip', action='store_true', help='cut boxes at the image edge')
    add('--ground-truth', metavar='FILE', help='of detections')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    args = vars(parse_args(argv))
    truth = args.pop('ground_truth')
    try:
        if args['source_format'] == 'detections':
            print(
                convert_detections(
                    args['source'],
                    truth,
                    args['target'],
                    args['target_format'],
                    args['digits'],
                )
            )
        else:
            print(convert_annotations(**args, progress=True).summary())
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('Stopped; nothing was written.', file=sys.stderr)
        return 130
    return 0


if __name__ == '__main__':
    sys.exit(main())
