"""Measure a data set and print what it asks of a config, as a config.

    python tools/analysis_tools/advise_dataset.py train.json --out advised.py

Anchors, sampler and proposal numbers, caps, NMS thresholds and image scale,
each under a comment with the figure that it follows from. What is printed is
the file: a child of --base.
"""

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path

from dense_scene.analysis.advice.advise import advise_config
from dense_scene.datasets.importers.read_annotations import (
    SOURCES,
    guess_format,
)

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SKU_BASE = 'cascade_rcnn/cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py'
BASE = 'shelves/cascade-rcnn_r101-scratch_fpn_1xb2-24e_shelves.py'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add(
        'ann_file',
        help='COCO JSON, CSV (of SKU-110K or with a header),\n'
        'or a folder of VOC XML or YOLO text files',
    )
    add(
        '--from',
        dest='source_format',
        choices=SOURCES,
        help='default: what it looks like',
    )
    add('--images', metavar='FOLDER', help='needed for yolo')
    add(
        '--scale',
        type=int,
        nargs=2,
        default=(1333, 800),
        metavar='PIXELS',
        help='limits of the resized image (default: 1333 800)',
    )
    add(
        '--anchors',
        type=int,
        default=3,
        metavar='N',
        help='anchors per location (default: %(default)s)',
    )
    add(
        '--base',
        metavar='CONFIG',
        help='the config to inherit from '
        '(default: row 5, of SKU-110K for its CSV, else of shelves)',
    )
    add('--out', metavar='PY', help='write the config too')
    add('--seed', type=int, default=0, help='of the fit')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        source_format = args.source_format or guess_format(args.ann_file)
        base = CONFIGS / (SKU_BASE if source_format == 'sku' else BASE)
        # mmengine logs to the standard output, which is to be a config.
        with redirect_stdout(sys.stderr):
            text = advise_config(
                args.ann_file,
                args.base or str(base),
                tuple(args.scale),
                args.anchors,
                args.out,
                args.seed,
                source_format,
                args.images,
            )
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(text, end='')
    return 0


if __name__ == '__main__':
    sys.exit(main())
