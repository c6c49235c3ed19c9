"""Summarize runs that differ in their seed, with intervals.

    for s in 0 1 2; do mim train mmdet configs/a.py \\
        --work-dir work_dirs/a/$s --cfg-options randomness.seed=$s; done
    dense-scene seeds work_dirs/a work_dirs/b

Prints Markdown: mean and Student's 95% interval of each result, and the
difference to the first FOLDER, the baseline, seed by seed.
"""

from argparse import Namespace

from .options import CommandParser

AP = ['coco/bbox_mAP_at100', 'coco/bbox_mAP_at300']


def add_arguments(parser: CommandParser) -> None:
    parser.add('folders', 'a work_dir per seed', nargs='+', metavar='FOLDER')
    parser.add('--metrics', 'validation results', AP, metavar='KEY')


def run(args: Namespace) -> None:
    # Here, so that --help does not wait for pandas and SciPy.
    from ..ablation.runs.seeds import format_seed_studies, read_seed_study

    studies = [read_seed_study(f, args.metrics) for f in args.folders]
    print(format_seed_studies(studies))
