"""Write the manifests of SKU-110K's sub-data set again.

Usage: python tools/dataset_converters/make_sku110k_subset.py COUNTS.csv
"""

import argparse
import sys

from dense_scene.datasets.sku110k.manifest import (
    MANIFESTS,
    PAPER_IMAGES,
    SEED,
    write_subset,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'counts', help='CSV with the columns image, split and objects'
    )
    parser.add_argument(
        '--out', default=str(MANIFESTS), help='folder (default: %(default)s)'
    )
    parser.add_argument('--total', type=int, default=PAPER_IMAGES)
    parser.add_argument('--seed', type=int, default=SEED)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    args = parse_args(argv)
    try:
        paths = write_subset(args.counts, args.out, args.total, args.seed)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(*paths, sep='\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
