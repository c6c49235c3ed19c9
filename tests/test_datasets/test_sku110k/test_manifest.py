"""The sub-data set is the same wherever it is made."""

import csv
import hashlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dense_scene.cli import main
from dense_scene.datasets.sku110k.manifest import (
    MANIFESTS,
    PAPER_BOXES,
    PAPER_IMAGES,
    SEED,
    choose_subset,
    manifest_line,
    read_manifest,
    write_subset,
)

# A CSV with the columns image, split and objects of all 11,689 images.
STATS = Path(os.environ.get('SKU110K_STATS', 'SKU110K_STATS is not set'))
NAME = 'subset-sku110k'
SPLITS = {'train': 2681, 'val': 191, 'test': 956}
SMALL = dict(
    train={f'train_{i}.jpg': i for i in range(10)},
    val={f'val_{i}.jpg': i for i in range(3)},
    test={f'test_{i}.jpg': i for i in range(3)},
)


@pytest.fixture
def stats():
    if not STATS.is_file():
        pytest.skip(f'needs the image statistics, SKU110K_STATS: {STATS}')
    return STATS


def test_shares():
    # 8 of 16: half of 10, 3 and 3 is 5, 1.5 and 1.5; of the equal remainders
    # the first name wins.
    assert {
        split: len(names)
        for split, names in choose_subset(SMALL, total=8).items()
    } == dict(train=5, val=1, test=2)


def test_images_with_the_smallest_digest_are_taken():
    chosen = choose_subset(SMALL, total=8, seed=5)['train']
    digests = {
        name: hashlib.sha256(b'5:' + name.encode()).hexdigest()
        for name in SMALL['train']
    }
    rest = set(digests) - set(chosen)
    assert max(digests[name] for name in chosen) < min(
        digests[name] for name in rest
    )


def test_order_of_the_input_does_not_matter():
    turned = {
        split: dict(reversed(names.items()))
        for split, names in reversed(SMALL.items())
    }
    assert choose_subset(turned, 7) == choose_subset(SMALL, 7)


def test_all_none_and_another_seed():
    assert choose_subset(SMALL, 16) == {
        split: sorted(names) for split, names in SMALL.items()
    }
    assert choose_subset(SMALL, 0) == dict(train=[], val=[], test=[])
    assert choose_subset({}, 0) == {}
    assert choose_subset(SMALL, 8, 1) != choose_subset(SMALL, 8, 2)


@pytest.mark.parametrize('total, limit', [(-1, 'least 0'), (17, 'most 16')])
def test_impossible_total(total, limit):
    with pytest.raises(ValueError, match=f'at {limit}, .*but got {total}'):
        choose_subset(SMALL, total)


@pytest.mark.parametrize('split', SPLITS)
def test_shipped_manifest(split):
    names = read_manifest(f'sku110k-sub_{split}.txt')
    assert len(names) == len(set(names)) == SPLITS[split]
    assert all(name.startswith(f'{split}_') for name in names)


def test_shipped_manifests_are_what_the_tool_writes(stats, tmp_path, capsys):
    assert main([NAME, str(stats), '--out', str(tmp_path)]) == 0
    printed = capsys.readouterr().out.split()
    for split in SPLITS:
        name = f'sku110k-sub_{split}.txt'
        assert str(tmp_path / name) in printed
        assert (tmp_path / name).read_bytes() == (
            MANIFESTS / name
        ).read_bytes()


def test_seed_is_the_first_that_comes_close_to_the_paper(stats):
    splits = {}
    with open(stats, newline='') as file:
        for row in csv.DictReader(file):
            splits.setdefault(row['split'], {})[row['image']] = int(
                row['objects']
            )

    def boxes(seed: int) -> int:
        return sum(
            splits[split][name]
            for split, names in choose_subset(
                splits, PAPER_IMAGES, seed
            ).items()
            for name in names
        )

    within = [
        abs(boxes(seed) / PAPER_BOXES - 1) < 1e-3 for seed in range(SEED + 1)
    ]
    assert within == [False] * SEED + [True]


@pytest.mark.parametrize(
    'content, words',
    [
        ('image,objects\na.jpg,3\n', r"must have image, .*\['split'\]"),
        (
            'image,split,objects\na.jpg,train,3\nb.jpg,train,many\n',
            'counts.csv must have .* an integer as objects, .*many',
        ),
        ('', 'counts.csv must have image, split .* No columns'),
    ],
)
def test_wrong_counts(tmp_path, content, words, capsys):
    path = tmp_path / 'counts.csv'
    path.write_text(content)
    with pytest.raises(ValueError, match=words):
        write_subset(str(path), str(tmp_path))
    assert main([NAME, str(path), '--out', str(tmp_path)]) == 1
    assert re.search(words, capsys.readouterr().err)


def test_missing_counts(tmp_path, capsys):
    assert main([NAME, str(tmp_path / 'no.csv')]) == 1
    assert 'no.csv' in capsys.readouterr().err


# What a line could be taken for, and what splits lines elsewhere.
ODD_NAMES = [
    *('#1.jpg', 'a#2.jpg', '# a', '#', ' a ', '  ', '"', '"a"', '""'),
    *('a\nb', '\r', 'a\r', '\ufeffa', '"\ufeff"', '\udcff.jpg'),
    *('a\u2028b', '\x0b', 'a\x85b'),
]
LETTERS = st.characters(exclude_categories=['Cs'], exclude_characters='\0')


@given(
    st.lists(
        st.one_of(st.sampled_from(ODD_NAMES), st.text(LETTERS, min_size=1)),
        min_size=1,
    )
)
@pytest.mark.parametrize('end', ['\n', '\r\n'])
def test_every_name_is_kept(tmp_path_factory, end, names):
    path = tmp_path_factory.mktemp('manifest') / 'some.txt'
    lines = ['# a comment', *map(manifest_line, names), '']
    path.write_bytes(end.join(lines).encode(errors='surrogateescape'))
    assert read_manifest(str(path)) == names
