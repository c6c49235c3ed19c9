"""A row's config, its difference from its parent, its hash."""

import json

import pytest

from dense_scene.ablation.suites.data_state import (
    describe_data,
    require_same_data,
)
from dense_scene.ablation.suites.resolve import resolve_suite, write_row
from dense_scene.ablation.suites.suite import read_suite
from tests.test_ablation.fakes import SUITE, fake_suite, write_suite


def test_rows_differ_in_what_their_options_change(tmp_path):
    one, two = resolve_suite(fake_suite(tmp_path)[0])
    assert one.diff == [] and one.overrides == []
    assert two.diff == ['model.factor: 31 -> 37']
    assert two.overrides == ['model.factor: 31 -> 37']
    assert two.cfg.model.factor == 37
    assert one.sha256 != two.sha256
    write_row(two, tmp_path / 'row')
    assert (tmp_path / 'row/diff.txt').read_text().split() == two.diff[
        0
    ].split()
    assert "'factor': 37" in (tmp_path / 'row/config.py').read_text()


def test_a_hash_is_the_same_wherever_the_data_lie(tmp_path):
    (tmp_path / 'other').mkdir()
    here, there = (
        resolve_suite(fake_suite(folder)[0])[0]
        for folder in (tmp_path, tmp_path / 'other')
    )
    assert here.cfg.to_dict() != there.cfg.to_dict()
    assert here.sha256 == there.sha256


def test_options_of_all_rows_are_no_difference(tmp_path):
    text = SUITE + 'options: {train_cfg.pause: 0.5}\n'
    rows = resolve_suite(read_suite(write_suite(tmp_path, text)))
    assert [row.cfg.train_cfg.pause for row in rows] == [0.5, 0.5]
    assert rows[0].diff == ['train_cfg.pause: 0.01 -> 0.5']
    assert rows[1].diff == ['model.factor: 31 -> 37']


def test_a_config_that_is_none_is_named(tmp_path):
    path = write_suite(tmp_path)
    (tmp_path / 'fake.py').write_text('model = dict(\n')
    with pytest.raises(ValueError, match='fake.py must be a config'):
        resolve_suite(read_suite(path))
    (tmp_path / 'fake.py').unlink()
    with pytest.raises(FileNotFoundError, match="the config of 'one'"):
        resolve_suite(read_suite(path))


def test_a_change_of_a_file_of_the_data_is_seen(tmp_path):
    cfg = resolve_suite(fake_suite(tmp_path)[0])[0].cfg
    first = describe_data(cfg)
    assert set(first) == {'train.json', 'img/'}
    assert describe_data(cfg) == first
    (tmp_path / 'data/img/b.png').write_bytes(b'new')
    with pytest.raises(ValueError, match='img/ has changed'):
        require_same_data(first, describe_data(cfg), 'one, seed 0')
    (tmp_path / 'data/img/b.png').unlink()
    require_same_data(first, describe_data(cfg), 'one, seed 0')
    (tmp_path / 'data/train.json').write_text(json.dumps([2]))
    with pytest.raises(ValueError, match='one, seed 0 .*train.json has'):
        require_same_data(first, describe_data(cfg), 'one, seed 0')
    (tmp_path / 'data/train.json').unlink()
    with pytest.raises(FileNotFoundError, match='ann_file must be a file'):
        describe_data(cfg)


@pytest.mark.parametrize(
    'metric, words',
    [
        ('coco/bbox_mAP_at5000', 'one: metrics must be .* gives no .*_at5000'),
        ('coco/bbox_mAP@300', "Did you mean 'coco/bbox_mAP_at300'"),
        ('coco/bbox_mAP_at300', ''),
    ],
)
def test_metrics_must_be_results(tmp_path, metric, words):
    suite = read_suite(write_suite(tmp_path)).with_metrics([metric])
    with open(tmp_path / 'fake.py', 'a') as config:
        config.write("\ntest_evaluator = dict(type='DenseCocoMetric')\n")
    if not words:
        assert len(resolve_suite(suite)) == 2
        return
    with pytest.raises(ValueError, match=words):
        resolve_suite(suite)
