from pathlib import Path

import numpy as np
import pytest

from dense_scene.utils import checks


def refused(check, *args):
    with pytest.raises(ValueError) as caught:
        check(*args)
    message = str(caught.value)
    assert '\n' not in message
    return message


@pytest.mark.parametrize('value', [3, np.int64(3), np.uint8(3)])
def test_what_counts_is_an_integer(value):
    for found in (
        checks.positive_integer('n', value),
        checks.integer('n', value, 3),
    ):
        assert found == 3
        assert type(found) is int


@pytest.mark.parametrize('value', [True, 3.0, '3', None, 0, -1, np.float32(3)])
def test_what_does_not_is_refused(value):
    message = refused(checks.positive_integer, 'num_gts', value)
    assert message == (
        f'num_gts must be a positive integer, but got {value!r}.'
    )


def test_least():
    assert checks.integer('n', 0, 0) == 0
    assert 'of at least 2, but got 1.' in refused(checks.integer, 'n', 1, 2)


def test_several_integers_are_sorted_and_listed_once():
    assert checks.positive_integers('caps', 100) == (100,)
    assert checks.positive_integers('caps', [300, 100, 300]) == (100, 300)
    for wrong in ([], [0], [1.5], '100', [True], None, {1}):
        assert repr(wrong) in refused(checks.positive_integers, 'caps', wrong)


def test_size():
    assert checks.size('size', 64) == (64, 64)
    assert checks.size('size', [64, np.int32(32)]) == (64, 32)
    for wrong in (0, (1, 2, 3), (1,), (1, 0), (1.0, 2), '12'):
        refused(checks.size, 'size', wrong)


@pytest.mark.parametrize(
    ('interval', 'inside', 'outside'),
    [
        ('[0, 1]', [0, 1, 0.5], [-0.1, 1.1]),
        ('(0, 1]', [1e-9, 1], [0, 1.1]),
        ('[0, 1)', [0], [1]),
        ('[1, inf)', [1, 1e308], [0.99, float('inf')]),
    ],
)
def test_ends_of_intervals(interval, inside, outside):
    for value in inside:
        assert checks.number('x', value, interval) == value
    for value in (*outside, float('nan'), True, '0.5', None):
        assert interval in refused(checks.number, 'x', value, interval)


def test_choice():
    assert checks.choice('mode', 'iou', ('iou', 'iof')) == 'iou'
    message = refused(checks.choice, 'mode', 'giou', ('iou', 'iof'))
    assert message == "mode must be one of 'iou', 'iof', but got 'giou'."


def test_suffix():
    endings = '.png', '.svg'
    assert checks.suffix('a figure', 'a/b.PNG', endings) == Path('a/b.PNG')
    message = refused(checks.suffix, 'a figure', 'b.gif', endings)
    assert message == 'a figure must end with .png, .svg, but got b.gif.'
