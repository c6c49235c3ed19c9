"""Ids of any kind as numbers."""

import numpy as np
import pytest

from dense_scene.utils.ids import number_id, number_ids


@pytest.mark.parametrize(
    'value, number',
    [
        (7, 7),
        ('7', 7),
        (np.int32(-3), -3),
        ('-3', -3),
        (2.0, 2),
        (2**63 - 1, 2**63 - 1),
    ],
)
def test_integers_are_their_own_number(value, number):
    assert number_id(value) == number


def test_other_ids_have_negative_numbers_of_their_own():
    values = ['007', 'a', 'A', '', '1.0', ' 1', 2**63, 2**127 + 1, 'größe']
    numbers = [number_id(value) for value in values]
    assert len(set(numbers)) == len(values)
    assert all(-(2**63) <= number < 0 for number in numbers)
    # An integer of 128 bits and its text are one id.
    assert number_id(str(2**127 + 1)) == number_id(2**127 + 1)


def test_a_column_is_numbered_alike_whatever_stands_beside():
    expected = [number_id(value) for value in (1, '1', 'a', 2**100)]
    assert number_ids([1, '1', 'a', 2**100], 'ids').tolist() == expected
    assert number_ids(['a'], 'ids').tolist() == expected[2:3]
    assert number_ids([], 'ids').dtype == np.int64
    assert number_ids(np.array([3, 4], np.int32), 'ids').tolist() == [3, 4]
    assert number_ids(np.array(['a', '1']), 'ids').tolist() == [expected[2], 1]


@pytest.mark.parametrize('value', [1.5, True, None, {}, [1], np.nan])
def test_what_is_no_id_is_refused(value):
    with pytest.raises(ValueError, match='^image ids must be'):
        number_ids([value, 'a'], 'image ids')
