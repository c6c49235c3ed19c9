"""Rows grouped by image."""

import numpy as np
import pytest

from dense_scene.utils.groups import find_positions, group_rows


def test_positions_of_known_and_unknown_ids():
    known = np.array([7, 3, 9])
    found = find_positions(np.array([9, 8, 7, 3, 10, 2]), known)
    assert found.tolist() == [2, -1, 0, 1, -1, -1]
    assert find_positions(np.array([1, 2]), known[:0]).tolist() == [-1, -1]
    assert find_positions(known[:0], known).tolist() == []


def test_groups_equal_a_plain_search():
    rng = np.random.default_rng(0)
    for size in (0, 1, 600):
        rows = rng.integers(0, 40, size)
        ids = rng.permutation(50)[:30]  # some rows belong to none of them
        groups = group_rows(rows, ids)
        assert len(groups) == 30
        for group, image in zip(groups, ids):
            assert group.tolist() == np.flatnonzero(rows == image).tolist()
        assert groups.counts.tolist() == [(rows == i).sum() for i in ids]
        own, places = groups.rows_of(slice(4, 9))
        assert rows[own].tolist() == ids[places].tolist()
        assert own.tolist() == sum((g.tolist() for g in list(groups)[4:9]), [])


def test_no_such_group():
    groups = group_rows(np.array([1]), np.array([1]))
    assert groups[-1].tolist() == [0]
    with pytest.raises(IndexError):
        groups[1]
