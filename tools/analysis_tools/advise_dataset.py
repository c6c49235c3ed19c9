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

BASE = (Path(__file__).resolve().parents[2] / 'configs/cascade_rcnn'
        / 'cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py')


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
        '--base', default=str(BASE), metavar='CONFIG',
        help='the config to inherit from (default: row 5)')  # fmt: skip
    parser.add_argument('--out', metavar='PY', help='write the config too')
    parser.add_argument(
        '--seed', type=int, default=0,
        help='of the sample that anchors are fitted to')  # fmt: skip
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        # mmengine logs to the standard output, which is to be a config.
        with redirect_stdout(sys.stderr):
            text = advise_config(
                args.ann_file, args.base, tuple(args.scale), args.anchors,
                args.out, args.seed)  # fmt: skip
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(text, end='')
    return 0


if __name__ == '__main__':
    sys.exit(main())
