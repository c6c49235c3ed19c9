"""The fast reading of JSON objects agrees with json, or declines."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dense_scene.datasets.coco.uniform_json import read_uniform_objects

NUMBER = st.integers(-(10**6), 10**6) | st.decimals(-999, 999, places=3).map(
    float
)
STYLES = [
    dict(),
    dict(separators=(',', ':')),
    dict(indent=2),
    dict(indent=1, separators=(' ,', ' : ')),
]


def dump(objects: list[dict], **style) -> bytes:
    """The objects without the brackets around them."""
    text = json.dumps(objects, ensure_ascii=False, **style)
    return text[1:-1].strip().encode()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(NUMBER, NUMBER, NUMBER), min_size=2, max_size=12),
    st.sampled_from(STYLES),
)
def test_equals_json(rows, style):
    objects = [
        dict(
            id=a,
            bbox=[b, c, a],
            name='café-2.0',
            extra=dict(deep=[]),
            flag=True,
        )
        for a, b, c in rows
    ]
    text = dump(objects, **style)
    if 'e' in ''.join(str(value) for row in rows for value in row):
        return  # an exponent is written as such, and declined
    columns = read_uniform_objects(text)
    assert columns.keys() == {'id', 'bbox', 'flag'}
    np.testing.assert_array_equal(columns['id'], [row[0] for row in rows])
    np.testing.assert_array_equal(
        columns['bbox'], [item['bbox'] for item in objects]
    )
    assert columns['flag'].tolist() == [1] * len(rows)


@pytest.mark.parametrize(
    'objects',
    [
        [dict(a=1)],  # one object has no second one to be compared with
        [dict(a=1, b=2), dict(b=2, a=1)],
        [dict(a=1), dict(a=1, b=2)],
        [dict(a=1), dict(a=None)],
        [dict(a=1), dict(a='1')],
        [dict(a=1), dict(a=1e-9)],
        [dict(a=[1, 2]), dict(a=[1, 2, 3])],
        [dict(a=1), dict(a=1234567890123456)],  # no exact float64 is certain
        [dict(a='x'), dict(a='y')],
        [dict(a=1, b='x'), dict(a=2, b='y')],
        [dict(a=1), 2],
    ],
)
def test_declines(objects):
    assert read_uniform_objects(dump(objects)) is None


def test_digits_that_move_into_a_string_are_noticed():
    # Without their digits both objects are {"s": "x", "a": }, and both halves
    # together have as many numbers as two objects should: but the second
    # has its number in the string.
    text = b'{"s": "x", "a": 1, "b": 2}, {"s": "x7", "a": , "b": 2}'
    assert read_uniform_objects(text) is None


def test_digits_in_keys_and_strings_are_not_taken_for_values():
    text = dump([dict(k1='5', a=3), dict(k1='6', a=4)])
    columns = read_uniform_objects(text)
    assert columns.keys() == {'a'}
    assert columns['a'].tolist() == [3, 4]


@pytest.mark.parametrize(
    'text',
    [
        b'',
        b'{',
        b'}',
        b']}',
        b'{"a": 1}',
        b'{"a": 1}, ',
        b'[1, 2]',
        b'{"a": 1} {"a": 2}',
        b'{"a": 1}, {"a": 2}]}',
        b'{"a": 1}, {"a": 2',
    ],
)
def test_declines_what_is_not_a_list_of_objects(text):
    assert read_uniform_objects(text) is None
