"""Write the manifests of SKU-110K's sub-data set again.

    dense-scene subset-sku110k COUNTS.csv

The package holds what it writes.
"""

from argparse import Namespace

from ..datasets.sku110k import manifest
from .options import CommandParser


def add_arguments(parser: CommandParser) -> None:
    parser.add('counts', 'CSV with the columns image, split and objects')
    parser.add('--out', 'folder', str(manifest.MANIFESTS), metavar='FOLDER')
    parser.add('--total', 'images', manifest.PAPER_IMAGES)
    parser.add('--seed', 'of the choice', manifest.SEED)


def run(args: Namespace) -> None:
    given = args.counts, args.out, args.total, args.seed
    print(*manifest.write_subset(*given), sep='\n')
