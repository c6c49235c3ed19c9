"""Every config that mmdet 3.3 ships, without a compiler.

Each builds, and the plainest of each family (a folder of configs) trains a
step and predicts on small images. What does not, with the reason, stands in
projects/portable_ops/README.md; ``WRITE_SWEEP=1 pytest -m '' -k 'not gpu'`` of
this file writes it there.
"""

import os

import pytest

from tests.test_portable_ops import stock_configs, stock_list, stock_steps

pytestmark = pytest.mark.slow_systems
# Part of the error of what mmdet itself cannot train on a GPU, by family.
# PointAssigner indexes on the CPU: open-mmlab/mmdetection#10436.
NOT_ON_A_GPU = {'reppoints': 'indexed'}


# Before a pretended GPU is there: what chooses it builds models as shapes.
@pytest.fixture(scope='module', params=stock_configs.FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope='module')
def plainest(family):
    """The first models of the family."""
    return stock_configs.plainest(family)


def check(names, failures):
    """Held to the list, or written to it."""
    if os.environ.get('WRITE_SWEEP'):
        stock_list.update(names, failures)
    else:
        assert not stock_list.differences(names, failures)


def test_every_config_builds(family, plainest):
    names = {stock_configs.name_of(p) for p in stock_configs.of_family(family)}
    failures = stock_configs.failures(family)
    # What builds may be listed for its training, which the next test holds.
    trained = set(map(stock_configs.name_of, plainest)) - failures.keys()
    check(sorted(names - trained), failures)


def test_one_trains_and_predicts(plainest):
    """The first that does; the others are listed."""
    if not plainest:
        pytest.skip('no config of this family gives a model here')
    for path in plainest:
        reason = stock_steps.why_not(path)
        name = stock_configs.name_of(path)
        check([name], {name: reason} if reason else {})
        if reason is None:
            break


@pytest.mark.gpu
def test_one_trains_and_predicts_on_a_gpu(family, plainest):
    for path in plainest:
        if stock_steps.why_not(path) is None:
            reason = stock_steps.why_not(path, 'cuda')
            if family in NOT_ON_A_GPU:
                assert NOT_ON_A_GPU[family] in reason
            else:
                assert reason is None
            return
    pytest.skip('none of this family trains on the CPU here')
