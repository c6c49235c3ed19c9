"""Check SKU-110K before it is used; nothing in its folder is changed.

    dense-scene prepare-sku110k data/SKU110K_fixed

Writes into --out: report.html (one page), usable_{train,val,test}.txt for
SKU110KDataset(manifest=...), images.csv (sizes, SHA-256, why an image is left
out), faults.csv and checked.jsonl. Stopped with Ctrl-C, the same command goes
on; run again, it reads new and changed images only.

Exit code: 0 nothing wrong, 3 faults found, 1 the files cannot be checked.
"""

from argparse import Namespace
from pathlib import Path

from .options import CommandParser

FAULTS_FOUND = 3
SOME = 'which ones (default: train val test)'
LIMIT = 'first images of each split (default: all)'


def add_arguments(parser: CommandParser) -> None:
    parser.add('root', 'folder that holds images/ and annotations/')
    parser.add('--out', 'results', 'work_dirs/sku110k', metavar='FOLDER')
    parser.add('--splits', SOME, nargs='+', metavar='SPLIT')
    parser.add('--limit', LIMIT, type=int)
    parser.add('--workers', 'processes (default: all cores)', type=int)


def run(args: Namespace) -> int:
    # Here, so that --help does not wait for pandas and OpenCV.
    from ..datasets.checks.check import SPLITS, check_sku110k
    from ..datasets.checks.write_manifests import write_manifests

    out, splits = Path(args.out), args.splits or SPLITS
    which = splits, args.limit, args.workers
    check = check_sku110k(args.root, out / 'checked.jsonl', *which)
    paths = write_manifests(check, out)
    # And the check, which takes minutes, not for matplotlib.
    from ..analysis.preparation.report import write_preparation_report

    report = write_preparation_report(check, out / 'report.html')
    for kind, (count, title) in check.summary().items():
        print(f'{count:8,}  {kind}: {title}')
    print(report, *paths, sep='\n')
    return FAULTS_FOUND if check.faults else 0
