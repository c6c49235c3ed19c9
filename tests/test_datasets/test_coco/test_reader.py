"""The COCO reader agrees with json, whatever the file looks like."""

import json

import numpy as np
import pytest

from dense_scene.datasets.coco import reader as coco_json
from dense_scene.datasets.coco.reader import read_coco_json

# Small enough that the files below are read in many pieces.
CHUNK = 256


def annotations(count: int) -> list[dict]:
    return [
        dict(
            id=i,
            image_id=i // 3,
            category_id=i % 2,
            bbox=[i, 0.5, 10, 2.25],
            area=i + 0.125,
            iscrowd=i % 2,
        )
        for i in range(count)
    ]


@pytest.fixture
def read(tmp_path):

    def read(content: dict | str, chunk_bytes: int = CHUNK, **style):
        path = tmp_path / 'train.json'
        if not isinstance(content, str):
            content = json.dumps(content, **style)
        path.write_text(content, encoding='utf-8')
        return read_coco_json(str(path), chunk_bytes)

    return read


def check(found, expected: list[dict]):
    """Compare with what json made of the same annotations."""

    def column(key, default=None):
        return [item.get(key, default) for item in expected]

    assert found.image_ids.tolist() == column('image_id')
    assert found.category_ids.tolist() == column('category_id')
    assert found.boxes.shape == (len(expected), 4)
    assert found.boxes.tolist() == column('bbox')
    assert found.areas.tolist() == [
        item.get('area', item['bbox'][2] * item['bbox'][3])
        for item in expected
    ]
    assert found.crowd.tolist() == [bool(c) for c in column('iscrowd')]
    assert found.ignore.tolist() == [bool(c) for c in column('ignore')]


@pytest.mark.parametrize('count', [0, 1, 2, 60, 600])
@pytest.mark.parametrize(
    'order',
    [
        ('images', 'annotations', 'categories'),
        ('annotations', 'categories', 'images'),
        ('categories', 'images', 'annotations'),
    ],
)
@pytest.mark.parametrize('style', [{}, dict(indent=1)])
def test_any_order_of_keys(read, order, count, style):
    lists = dict(
        images=[dict(id=0, file_name='größe.jpg')],
        annotations=annotations(count),
        categories=[dict(id=1, name='a')],
    )
    rest, found = read({key: lists[key] for key in order}, **style)
    check(found, lists['annotations'])
    assert rest == {**lists, 'annotations': []}


@pytest.mark.parametrize('chunk_bytes', range(16, 200, 13))
def test_any_chunk_gives_the_same(read, chunk_bytes):
    items = annotations(20)
    # Characters of several bytes, and braces that end no annotation.
    for item in items[::3]:
        item.update(note='é},{"', segmentation=dict(counts='}', size=[1, 2]))
    content = dict(images=[], annotations=items, categories=[])
    check(read(content, chunk_bytes, ensure_ascii=False)[1], items)


def test_the_fast_way_is_taken(read, monkeypatch):
    items = annotations(600)
    taken = []
    fast = coco_json.read_uniform_objects

    def spy(text):
        columns = fast(text)
        taken.append(0 if columns is None else len(columns['area']))
        return columns

    monkeypatch.setattr(coco_json, 'read_uniform_objects', spy)
    read(dict(images=[], annotations=items, categories=[]), 4096)
    # All but the last piece, which holds the end of the list too.
    assert sum(taken) > 500


def test_optional_keys(read):
    items = [
        dict(image_id=1, category_id=2, bbox=[1, 2, 3, 4]),
        dict(image_id=1, category_id=2, bbox=[1, 2, 3, 4], area=0, ignore=1),
    ]
    check(read(dict(images=[], annotations=items, categories=[]))[1], items)
    check(
        read(dict(images=[], annotations=items[:1] * 9, categories=[]))[1],
        items[:1] * 9,
    )


def test_ids_that_are_strings_or_large(read):
    items = annotations(40)
    for item in items:
        item['image_id'] = f'img{item["image_id"]}'
        item['category_id'] = 2**60 + item['category_id']
    check(read(dict(images=[], annotations=items, categories=[]))[1], items)


def test_a_key_of_the_same_name_further_in(read):
    items = annotations(5)
    content = dict(
        info=dict(annotations=[dict(of='another kind')][:0]),
        images=[],
        annotations=items,
        categories=[],
    )
    check(read(content)[1], items)


def test_dtype_does_not_depend_on_the_pieces(read):
    content = dict(images=[], annotations=annotations(7), categories=[])
    for chunk_bytes in (64, 10**6):
        found = read(content, chunk_bytes)[1]
        assert found.image_ids.dtype == found.category_ids.dtype == np.int64


GOOD = dict(images=[], annotations=annotations(3), categories=[])


@pytest.mark.parametrize(
    'content, words',
    [
        (
            {
                **GOOD,
                'annotations': [*annotations(2), dict(bbox=[1, 2, 3, 4])],
            },
            ['annotation 3 must have image_id, category_id and a bbox'],
        ),
        (
            {
                **GOOD,
                'annotations': [dict(image_id=1, category_id=1, bbox=[1])],
            },
            ['annotation 1 must have', "'bbox': [1]"],
        ),
        (
            {
                **GOOD,
                'annotations': [dict(image_id=1, category_id=1, bbox='1234')],
            },
            ['annotation 1 must have', '1234'],
        ),
        ({**GOOD, 'annotations': [7]}, ['annotation 1 must have', 'but is 7']),
        (dict(images=[], annotations=[]), ['categories is missing']),
        (
            dict(images=[], categories=[]),
            ['annotations is missing', "['images', 'categories']"],
        ),
        (dict(annotations=[], categories=[]), ['images is missing']),
        ({**GOOD, 'categories': {}}, ['categories is missing']),
        ('[]', ['COCO JSON file', 'it has list']),
        ('', ['cannot be parsed']),
        ('{"images": [', ['cannot be parsed']),
        ('[' * 100_000, ['is nested too deeply']),
        ('{"annotations": [' + '[' * 100_000, ['is nested too deeply']),
        (json.dumps(GOOD)[:-60], ['cannot be parsed']),
        (
            json.dumps(GOOD).replace('0.5', '0,,5'),
            ['cannot be parsed', '0,,5'],
        ),
    ],
)
def test_errors(read, content, words):
    with pytest.raises(ValueError) as caught:
        read(content)
    message = str(caught.value)
    assert '\n' not in message
    for word in ['train.json', *words]:
        assert word in message
