"""Summarise runs that differ in their seed, with intervals.

    for s in 0 1 2; do mim train mmdet configs/a.py \
        --work-dir work_dirs/a/$s --cfg-options randomness.seed=$s; done
    python tools/analysis_tools/summarise_seeds.py work_dirs/a work_dirs/b

Prints Markdown: mean and Student's 95% interval of each result, and the
difference to the first folder, seed by seed.
"""

import argparse
import sys

from dense_scene.ablation.runs.seeds import (
    format_seed_studies,
    read_seed_study,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'folders',
        nargs='+',
        help='each with one work_dir per seed; the first is the baseline',
    )
    parser.add_argument(
        '--metrics',
        nargs='+',
        metavar='KEY',
        default=['coco/bbox_mAP@100', 'coco/bbox_mAP@300'],
        help='validation results (default: %(default)s)',
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the tool; returns the exit status."""
    args = parse_args(argv)
    try:
        studies = [read_seed_study(f, args.metrics) for f in args.folders]
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(format_seed_studies(studies))
    return 0


if __name__ == '__main__':
    sys.exit(main())
