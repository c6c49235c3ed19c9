"""Check SKU-110K before it is used; nothing in its folder is changed.

    dense-scene prepare-sku110k data/SKU110K_fixed

Writes into --out: report.html (one page), usable_{train,val,test}.txt for
SKU110KDataset(manifest=...), images.csv (sizes, SHA-256, why an image is left
out), faults.csv and checked.jsonl. Stopped with Ctrl-C, the same command goes
on; run again, it reads new and changed images only.

Exit code: 0 nothing wrong, 3 faults found, 1 the files cannot be checked.
"""

from argparse import Namespace

from ..analysis.preparation.prepare_sku110k import prepare_sku110k
from .options import CommandParser

FAULTS_FOUND = 3


def add_arguments(parser: CommandParser) -> None:
    parser.add('root', 'folder that holds images/ and annotations/')
    parser.add('--out', 'results', 'work_dirs/sku110k', metavar='FOLDER')
    parser.add('--splits', 'which ones', ['train', 'val', 'test'])
    parser.add(
        '--limit', 'first images of each split (default: all)', type=int
    )
    parser.add('--workers', 'processes (default: all cores)', type=int)


def run(args: Namespace) -> int:
    check, paths = prepare_sku110k(
        args.root, args.out, args.splits, args.limit, args.workers
    )
    for kind, (count, title) in check.summary().items():
        print(f'{count:8,}  {kind}: {title}')
    print(*paths, sep='\n')
    return FAULTS_FOUND if check.faults else 0
