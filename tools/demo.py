"""Render shelves, train a small Cascade R-CNN on them, evaluate and draw."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from dense_scene.cli.demo import run_demo

CONFIG = (
    Path(__file__).resolve().parent.parent
    / 'configs/shelves/cascade-rcnn_r18-scratch_demo_shelves.py'
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--config', type=Path, default=CONFIG)
    parser.add_argument(
        '--data-root',
        type=Path,
        default='data/shelves-demo',
        help='scenes are rendered here (default: %(default)s)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        default='work_dirs/demo',
        help='checkpoints, metrics and pictures (default: %(default)s)',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo."""
    args = parse_args(argv)
    run_demo(args.config, args.data_root, args.out)
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
