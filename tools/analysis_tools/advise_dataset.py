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

from dense_scene.apis import advise_config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
CSV_BASE = 'cascade_rcnn/cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py'
JSON_BASE = 'shelves/cascade-rcnn_r101-scratch_fpn_1xb2-24e_shelves.py'


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('ann_file', help='COCO JSON, or a CSV of SKU-110K')
    parser.add_argument(
        '--scale', type=int, nargs=2, default=(1333, 800), metavar='PIXELS',
        help='limits of the resized image (default: 1333 800)')  # fmt: skip
    parser.add_argument(
        '--anchors', type=int, default=3, metavar='N',
        help='anchors per location (default: %(default)s)')  # fmt: skip
    parser.add_argument(
        '--base', metavar='CONFIG', help='the config to inherit from '
        '(default: row 5, of SKU-110K for a CSV, else of shelves)')
    parser.add_argument('--out', metavar='PY', help='write the config too')
    parser.add_argument('--seed', type=int, default=0, help='of the fit')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    row_5 = CSV_BASE if args.ann_file.endswith('.csv') else JSON_BASE
    try:
        # mmengine logs to the standard output, which is to be a config.
        with redirect_stdout(sys.stderr):
            text = advise_config(
                args.ann_file, args.base or str(CONFIGS / row_5),
                tuple(args.scale), args.anchors, args.out, args.seed)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(text, end='')
    return 0


if __name__ == '__main__':
    sys.exit(main())
