"""Check SKU-110K before it is used; nothing in its folder is changed.

    python tools/dataset_converters/prepare_sku110k.py data/SKU110K_fixed

Writes into --out: report.html (one page), usable_{train,val,test}.txt for
SKU110KDataset(manifest=...), images.csv (sizes, SHA-256, why an image is left
out), faults.csv and checked.jsonl. Stopped with Ctrl-C, the same command goes
on; run again, it reads new and changed images only.

Exit status: 0 nothing wrong, 1 faults found, 2 wrong usage or unreadable
annotations, 130 stopped.
"""

import argparse
import sys

from dense_scene.analysis.preparation.prepare_sku110k import prepare_sku110k


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('root', help='folder that holds images/ and annotations/')
    add(
        '--out',
        default='work_dirs/sku110k',
        metavar='FOLDER',
        help='gets the results (default: %(default)s)',
    )
    add(
        '--splits',
        nargs='+',
        default=['train', 'val', 'test'],
        metavar='SPLIT',
        help='which ones (default: train val test)',
    )
    add(
        '--limit',
        type=int,
        metavar='N',
        help='only the first N images of each split, for a trial',
    )
    add('--workers', type=int, help='processes (default: all cores)')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    args = parse_args(argv)
    try:
        check, paths = prepare_sku110k(
            args.root, args.out, args.splits, args.limit, args.workers
        )
    except (OSError, RuntimeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print('Stopped; the same command goes on from here.', file=sys.stderr)
        return 130
    for kind, (count, title) in check.summary().items():
        print(f'{count:8,}  {kind}: {title}')
    print(*paths, sep='\n')
    return 1 if check.faults else 0


if __name__ == '__main__':
    sys.exit(main())
