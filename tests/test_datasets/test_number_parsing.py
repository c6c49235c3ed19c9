"""Numbers are the same as float() makes of them, or are reported."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dense_scene.datasets.number_parsing import parse_numbers


def parse(*pieces: str) -> tuple[list[float], list[bool]]:
    """Parse the pieces from a text in which commas divide them."""
    text = np.frombuffer(','.join(pieces).encode() + b'\n', np.uint8)
    ends = np.cumsum([len(piece) + 1 for piece in pieces]) - 1
    starts = ends - [len(piece) for piece in pieces]
    values, valid = parse_numbers(text, starts, ends)
    return values.tolist(), valid.tolist()


@pytest.mark.parametrize(
    'piece',
    [
        '0',
        '7',
        '007',
        '-3',
        '12.5',
        '-0.125',
        '0.1',
        '473.07',
        '999999999999999',
        '0.00000000000001',
        '123456.789012345',
    ],
)
def test_equals_float(piece):
    assert parse(piece) == ([float(piece)], [True])


def test_minus_zero_keeps_its_sign():
    values, valid = parse('-0', '-0.0')
    assert valid == [True, True]
    assert np.signbit(values).all()


@pytest.mark.parametrize(
    'piece',
    [
        '',
        '-',
        '.',
        '-.',
        '.5',
        '5.',
        '1.2.3',
        '--1',
        '1-',
        '+1',
        '1e5',
        ' 1',
        'x1',
        'nan',
        '1234567890123456',
        '1.234567890123456',
        '\u0663',
    ],
)
def test_anything_else_is_reported(piece):
    # Neighbours show that one bad piece does not touch the others.
    text = np.frombuffer(f'12,{piece},34.5'.encode(), np.uint8)
    commas = np.flatnonzero(text == ord(','))
    values, valid = parse_numbers(
        text, np.array([0, *(commas + 1)]), np.array([*commas, len(text)])
    )
    assert valid.tolist() == [True, False, True]
    assert values.tolist() == [12, 0, 34.5]


def test_no_numbers():
    empty = np.zeros(0, np.int64)
    values, valid = parse_numbers(np.zeros(0, np.uint8), empty, empty)
    assert values.shape == valid.shape == (0,)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.decimals(-(10**7), 10**7, places=4), max_size=30))
def test_random_decimals_equal_float(numbers):
    pieces = [f'{number:f}' for number in numbers]
    if pieces:
        assert parse(*pieces) == (
            [float(piece) for piece in pieces],
            [True] * len(pieces),
        )
