"""Numbers of samples for a number of objects."""

import pytest

from dense_scene.analysis.advice.measure import round_up
from dense_scene.analysis.advice.write_config import (
    detection_cap,
    num_proposals,
    roi_sampler_size,
    rpn_sampler_size,
)


def test_sku110k_gives_the_dense_configs():
    # 99.5% of the images hold at most 356 objects.
    assert rpn_sampler_size(356) == 1024
    assert roi_sampler_size(356) == 3072
    assert num_proposals(356) == 3000
    assert detection_cap(356) == 400


@pytest.mark.parametrize('objects', [0, 1, 5])
def test_never_below_the_defaults_of_mmdet(objects):
    assert rpn_sampler_size(objects) == 256
    assert roi_sampler_size(objects) == 512
    assert num_proposals(objects) == 1000
    assert num_proposals(objects, least=2000) == 2000
    assert detection_cap(objects) == 100


def test_enough_and_not_much_more():
    for objects in range(1, 6000, 7):
        rpn, roi = rpn_sampler_size(objects), roi_sampler_size(objects)
        assert rpn / 2 >= objects and (rpn == 256 or rpn / 4 < objects)
        assert rpn & (rpn - 1) == 0  # a power of two
        assert roi / 4 >= 2 * objects and (roi - 512) / 4 < 2 * objects
        assert 8 * objects <= num_proposals(objects)
        assert num_proposals(objects) - 500 < max(8 * objects, 501)
        assert objects <= detection_cap(objects) < objects + 100


def test_round_up():
    assert [round_up(v, 100) for v in (0, 1, 100, 100.1)] == [0, 100, 100, 200]
