"""Write the manifests of SKU-110K's sub-data set again.

    dense-scene subset-sku110k COUNTS.csv

The package holds what it writes.
"""

from argparse import Namespace

from ..datasets.sku110k.manifest import (
    MANIFESTS,
    PAPER_IMAGES,
    SEED,
    write_subset,
)
from .options import CommandParser


def add_arguments(parser: CommandParser) -> None:
    parser.add('counts', 'CSV with the columns image, split and objects')
    parser.add('--out', 'folder', str(MANIFESTS), metavar='FOLDER')
    parser.add('--total', 'images', PAPER_IMAGES)
    parser.add('--seed', 'of the choice', SEED)


def run(args: Namespace) -> None:
    paths = write_subset(args.counts, args.out, args.total, args.seed)
    print(*paths, sep='\n')
