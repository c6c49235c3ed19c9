"""Manifests: lists of image names that restrict a data set."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

from ...utils.checks import integer
from ...utils.files import require_file, write_text

MANIFESTS = Path(__file__).parent / 'manifests'
# "A method for detecting objects in dense scenes" (2022), section 4: 3,828
# images of SKU-110K with 559,347 boxes; which ones is not known.
PAPER_IMAGES = 3828
PAPER_BOXES = 559_347
# The smallest seed whose box total is within 0.1 % of the paper's.
SEED = 3


def read_manifest(name: str) -> list[str]:
    """Read a manifest: an image name per line, of any name a file can have.

    Lines that begin with ``# `` are comments, and so are ``#`` and blank
    ones. A name in double quotes is JSON: see :func:`manifest_line`.

    ``name`` is a path, or the name of a manifest of this package.
    """
    path = Path(name) if Path(name).is_file() else MANIFESTS / name
    if not path.is_file():
        shipped = sorted(file.name for file in MANIFESTS.glob('*.txt'))
        require_file(name, 'manifest', f'Give a path or one of {shipped}.')
    with open(
        path, encoding='utf-8-sig', errors='surrogateescape', newline=''
    ) as file:
        lines = file.read().split('\n')
    names = [_read_name(line.removesuffix('\r')) for line in lines]
    names = list(filter(None, names))
    if not names:
        raise ValueError(f'manifest {path} must list image names, one a line.')
    return names


def manifest_line(name: str) -> str:
    """A name as a line of a manifest, without its line feed.

    Quoted, as JSON, where it would not be read as it is: with a line end, or
    if it begins like a comment or a quoted name, or with a byte order mark.
    """
    plain = not set(name) & set('\r\n') and _read_name(name) == name
    plain = plain and not name.startswith('\ufeff')
    return name if plain else json.dumps(name, ensure_ascii=False)


def _read_name(line: str) -> str:
    """The name that a line holds, '' for none."""
    if line.startswith('# ') or line == '#' or not line.strip():
        return ''
    if line.startswith('"') and line.endswith('"'):
        try:
            return str(json.loads(line))
        except ValueError:  # a name that is in quotes
            return line
    return line


def choose_subset(
    splits: dict[str, dict[str, int]],
    total: int = PAPER_IMAGES,
    seed: int = SEED,
) -> dict[str, list[str]]:
    """Choose images by a rule that gives the same ones on every machine.

    Each split keeps its share of the total (rounded down; the images that
    this leaves over go to the splits with the largest remainders). Within a
    split, those images are taken whose SHA-256 of ``'{seed}:{name}'`` comes
    first.

    Args:
        splits: For every split, the number of boxes of each image, by name.
        total: How many images to choose, at most as many as there are.
        seed: Another seed makes another choice.

    Returns:
        The names of each split, sorted.
    """
    available = sum(map(len, splits.values()))
    if integer('total', total, 0) > available:
        raise ValueError(
            f'total must be at most {available}, but got {total}.'
        )
    shares = {
        split: divmod(len(names) * total, max(available, 1))
        for split, names in splits.items()
    }
    left = total - sum(share for share, _ in shares.values())
    by_remainder = sorted(shares, key=lambda split: (-shares[split][1], split))

    def rank(name: str) -> bytes:
        return hashlib.sha256(f'{seed}:{name}'.encode()).digest()

    chosen = {}
    for split, names in splits.items():
        count = shares[split][0] + (split in by_remainder[:left])
        chosen[split] = sorted(sorted(names, key=rank)[:count])
    return chosen


def write_subset(
    counts_csv: str, out_dir: str, total: int = PAPER_IMAGES, seed: int = SEED
) -> list[Path]:
    """Write one manifest per split, ``sku110k-sub_{split}.txt``.

    Args:
        counts_csv: A CSV with a header and the columns ``image``, ``split``
            and ``objects``: all images to choose from.
        out_dir: Where to write; made if absent.
        total, seed: Of :func:`choose_subset`.
    """
    splits = _read_counts(counts_csv)
    chosen = choose_subset(splits, total, seed)
    boxes = {
        split: sum(splits[split][name] for name in names)
        for split, names in chosen.items()
    }
    paths = []
    for split, names in chosen.items():
        header = (
            f'# SKU-110K sub-data set, {split}: {len(names)} of '
            f'{len(splits[split])} usable images, {boxes[split]} boxes.\n'
            f'# All splits: {total} images, {sum(boxes.values())} boxes (the '
            f'paper: {PAPER_IMAGES} and {PAPER_BOXES}; its choice is not '
            'known).\n'
            "# Rule: each split's share of the total; in it, the images whose "
            'SHA-256\n'
            f'# of "seed:name" comes first. seed = {seed}.\n'
            '# Made by: python '
            'tools/dataset_converters/make_sku110k_subset.py COUNTS.csv\n'
        )
        paths.append(Path(out_dir) / f'sku110k-sub_{split}.txt')
        lines = [f'{manifest_line(name)}\n' for name in names]
        write_text(paths[-1], [header, *lines])
    return paths


def _read_counts(path: str) -> dict[str, dict[str, int]]:
    types = dict(image=str, split=str, objects=np.int64)
    try:
        table = pd.read_csv(
            path, usecols=list(types), dtype=types, keep_default_na=False
        )
    except ValueError as error:
        wanted = f'{path} must have image, split and an integer as objects'
        raise ValueError(f'{wanted}, but fails: {error}.') from error
    return {
        split: dict(zip(part['image'], part['objects'].tolist()))
        for split, part in table.groupby('split', sort=False)
    }
