"""Records survive whatever ends the process that writes them."""

import pytest

from dense_scene.ablation.records import record_file
from dense_scene.ablation.records.record import RunRecord
from dense_scene.ablation.records.record_file import (
    append_record,
    finished_runs,
    read_records,
)


def record(row='a', seed=0, state='finished', **more):
    more = dict(config_sha256='x', metrics={'ap': 0.5}) | more
    return RunRecord(
        row=row,
        seed=seed,
        state=state,
        ended='',
        config='a.py',
        data={},
        seconds=1.0,
        commit='',
        versions={},
        hardware='',
        **more,
    )


def test_records_come_back_as_they_went(tmp_path):
    path = tmp_path / 'new/records.jsonl'
    assert read_records(path) == []
    written = [record(seed=seed) for seed in range(3)]
    for one in written:
        append_record(path, one)
    assert read_records(path) == written


@pytest.mark.parametrize('cut', [1, 20])
def test_a_line_cut_short_costs_nothing_else(tmp_path, cut):
    path = tmp_path / 'records.jsonl'
    append_record(path, record())
    whole = path.read_bytes()
    append_record(path, record(seed=1))
    path.write_bytes(path.read_bytes()[: len(whole) + cut])
    assert read_records(path) == [record()]
    append_record(path, record(seed=2))
    assert read_records(path) == [record(), record(seed=2)]
    broken = (tmp_path / 'records.jsonl.broken').read_bytes()
    assert broken == whole[:cut] + b'\n'


def test_a_whole_line_without_its_end_is_kept(tmp_path):
    path = tmp_path / 'records.jsonl'
    append_record(path, record())
    path.write_bytes(path.read_bytes()[:-1])
    assert read_records(path) == [record()]
    append_record(path, record(seed=1))
    assert read_records(path) == [record(), record(seed=1)]


@pytest.mark.parametrize(
    'line', [b'{}', b'{"type": "run"}', b'\xff', b'[1]', b'{"type": "x"}']
)
def test_a_line_that_is_no_record_is_named(tmp_path, line):
    path = tmp_path / 'records.jsonl'
    append_record(path, record())
    path.write_bytes(line + b'\n' + path.read_bytes())
    with pytest.raises(ValueError, match='line 1 must be a record'):
        read_records(path)


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / 'records.jsonl'
    append_record(path, record())

    def full(_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(record_file.os, 'fsync', full)
    with pytest.raises(OSError, match='records.jsonl.*No space left.*goes on'):
        append_record(path, record(seed=1))
    assert read_records(path) == [record()]


def test_the_latest_finished_run_counts():
    old, new = record(), record(metrics={'ap': 0.6})
    records = [old, new, record(state='failed'), record(row='b', seed=3)]
    found = finished_runs(records)
    assert found == {('a', 0): new, ('b', 3): records[-1]}
    assert finished_runs(records, {'a': 'x', 'b': 'y'}) == {('a', 0): new}
