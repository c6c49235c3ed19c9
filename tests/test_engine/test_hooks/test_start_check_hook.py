"""What must agree is put into one list, or refused before the first step."""

import json
import logging

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from dense_scene.evaluation.stored.reevaluate import evaluate_detections
from tests.oracle_runner import build, loader, write_file

AP = 'coco/bbox_mAP_at300'
PERFECT = pytest.approx(1, abs=1e-9)


@pytest.fixture
def lines(monkeypatch):
    """Warnings of the runner."""
    found = []
    warn = MMLogger.handle

    def handle(self, record):
        if record.levelno == logging.WARNING:
            found.append(record.getMessage())
        warn(self, record)

    monkeypatch.setattr(MMLogger, 'handle', handle)
    return found


def of_start_check(lines):
    """Without what mmengine itself says."""
    words = 'classes', 'class', 'schedule', 'LR ', 'lr ', 'max_epochs', 'data'
    return [line for line in lines if any(w in line for w in words)]


def test_the_order_of_the_validation_file_does_not_matter(tmp_path):
    """data/06: AP of a perfect detector is 1, not 1/3."""
    train = write_file(tmp_path, 'train.json', ('a', 'c', 'b'))
    val = write_file(tmp_path, 'val.json', ('c', 'b', 'a'))
    runner = build(tmp_path / 'run', train, val, ('a', 'c', 'b'))
    runner.train()
    assert runner.val()[AP] == PERFECT
    assert runner.model.seen == [0, 2, 2]  # a, b, b
    assert runner.visualizer.dataset_meta['classes'] == ('a', 'c', 'b')


def test_a_test_takes_the_list_of_the_checkpoint(tmp_path):
    train = write_file(tmp_path, 'train.json', ('a', 'c', 'b'))
    val = write_file(tmp_path, 'val.json', ('c', 'b', 'a'))
    build(tmp_path / 'run', train, val, ('a', 'c', 'b')).train()
    stored = tmp_path / 'found.npz'
    runner = build(
        tmp_path / 'test',
        train,
        val,
        ('a', 'c', 'b'),
        load_from=str(tmp_path / 'run/epoch_1.pth'),
        test_evaluator=dict(
            type='DenseCocoMetric', detection_file=str(stored), classwise=True
        ),
    )
    values = runner.test()
    assert values[AP] == PERFECT == values['coco/a_precision']
    assert values['coco/c_precision'] == -1  # no such object
    # Stored with the names of the model; any order of a file gives the same.
    meta = json.loads(bytes(np.load(stored)['meta']))
    assert meta['classes'] == ['a', 'c', 'b']
    for path in (train, val):
        (result,) = evaluate_detections(str(stored), str(path))
        assert result['bbox_mAP_at300'] == PERFECT


def test_a_checkpoint_without_names_is_taken_with_a_warning(tmp_path, lines):
    """Nothing else says what its outputs are."""
    path = write_file(tmp_path, 'a.json', ('b', 'a'))
    build(tmp_path / 'run', path, path, 'ba').train()
    saved = torch.load(tmp_path / 'run/epoch_1.pth', weights_only=True)
    bare, words = tmp_path / 'bare.pth', 'does not name its classes'
    torch.save(dict(state_dict=saved['state_dict']), bare)
    named = tmp_path / 'run/epoch_1.pth'
    for checkpoint, count in ((named, 0), (bare, 1)):
        settings = dict(load_from=str(checkpoint))
        build(tmp_path / 'test', path, path, 'ba', **settings).test()
        told = [line for line in lines if words in line]
        assert len(told) == count
    assert "'b', 'a' in this order" in told[0]


def test_joined_data_sets_follow_the_names(tmp_path):
    first = write_file(tmp_path, '1.json', ('a', 'b'))
    second = write_file(tmp_path, '2.json', ('b', 'c', 'a'), 'cba')
    joined = dict(
        type='ConcatDataset',
        datasets=[loader(path)['dataset'] for path in (first, second)],
    )
    again = dict(type='RepeatDataset', times=1, dataset=joined)
    train = {**loader(first), 'dataset': again}
    runner = build(
        tmp_path / 'run', first, second, 'abc', train_dataloader=train
    )
    runner.train()
    # a, b, b of the first and c, b, a of the second
    assert runner.model.seen == [0, 1, 1, 2, 1, 0]
    assert runner.val()[AP] == PERFECT
    saved = runner.train_dataloader.dataset.metainfo
    assert saved['classes'] == ('a', 'b', 'c')


def test_classes_given_by_metainfo(tmp_path):
    train = write_file(tmp_path, 'train.json', 'cba')
    val = write_file(tmp_path, 'val.json', 'bca')
    given = dict(metainfo=dict(classes=('b', 'a')))
    runner = build(
        tmp_path / 'run',
        train,
        val,
        ('b', 'a'),
        train_dataloader=loader(train, **given),
    )
    runner.train()
    assert runner.model.seen == [1, 0, 0]
    assert runner.val()[AP] == PERFECT


@pytest.mark.parametrize('resume', [True, False])
def test_weights_go_on_with_their_own_order(tmp_path, resume):
    """The same names in another file: the heads' outputs keep their names."""
    first = write_file(tmp_path, '1.json', 'ab')
    second = write_file(tmp_path, '2.json', 'ba')
    build(tmp_path / 'run', first, first, 'ab').train()
    runner = build(
        tmp_path / 'again',
        second,
        second,
        'ab',
        load_from=str(tmp_path / 'run/epoch_1.pth'),
        resume=resume,
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=2),
    )
    runner.train()
    assert set(map(tuple, [runner.model.seen[:3]])) == {(0, 1, 1)}
    assert runner.val()[AP] == PERFECT


def test_iterations_begin_with_the_mapped_labels(tmp_path):
    """That loop has begun to read when the hook comes."""
    first = write_file(tmp_path, '1.json', 'ab')
    second = write_file(tmp_path, '2.json', 'ba')
    build(tmp_path / 'run', first, first, 'ab').train()
    runner = build(
        tmp_path / 'again',
        second,
        second,
        'ab',
        load_from=str(tmp_path / 'run/epoch_1.pth'),
        train_dataloader={**loader(second), 'num_workers': 1},
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=2),
        val_cfg=None,
        val_dataloader=None,
        val_evaluator=None,
    )
    runner.train()
    assert runner.model.seen == [0, 1, 1] * 2


@pytest.mark.parametrize(
    'train, val, model, words',
    [
        # data/41: heads left at 1, and fewer than the file has
        ('ab', 'ab', dict(num_classes=1), r"2 \('a', 'b'\), but is 1 in bbox"),
        ('abc', 'ab', dict(num_classes=2), '3 .* but is 2 .* Set it to 3'),
        # another name on either side
        ('ab', 'aB', {}, r"val .* but 'B' are only there and 'b' only in the"),
        ('ab', 'abc', {}, "but 'c' are only there and none only in the model"),
    ],
)
def test_what_cannot_be_mapped_is_refused(tmp_path, train, val, model, words):
    paths = [
        write_file(tmp_path, f'{order}.json', order, order)
        for order in (train, val)
    ]
    settings = dict(
        type='OracleDetector', names=train, truth=str(paths[0]), **model
    )
    runner = build(tmp_path / 'run', *paths, train, model=settings)
    with pytest.raises(ValueError, match=words) as error:
        runner.train()
    assert '\n' not in str(error.value)
    assert runner.model.seen == []


def test_one_class_of_another_name_is_taken_with_a_warning(tmp_path, lines):
    train = write_file(tmp_path, 'train.json', ['object'], ['object'])
    val = write_file(tmp_path, 'val.json', ['product'], ['product'])
    model = dict(type='OracleDetector', names=['product'], truth=str(val))
    runner = build(tmp_path / 'run', train, val, None, model=model)
    runner.train()
    assert runner.val()[AP] == PERFECT
    (line,) = [line for line in lines if 'only class' in line]
    assert "'product', the model 'object': taken for the same" in line


def test_a_test_with_other_heads_than_the_checkpoint(tmp_path):
    first = write_file(tmp_path, '1.json', 'ab')
    third = write_file(tmp_path, '3.json', 'abc', 'abc')
    build(tmp_path / 'run', first, first, 'ab').train()
    runner = build(
        tmp_path / 'test',
        third,
        third,
        'abc',
        load_from=str(tmp_path / 'run/epoch_1.pth'),
    )
    with pytest.raises(ValueError, match='must be that of the check.* 2, but'):
        runner.test()


def test_classes_without_an_object_and_outputs_without_a_class(
    tmp_path, lines
):
    path = write_file(tmp_path, 'a.json', 'abc', 'ab')
    model = dict(
        type='OracleDetector', names='abc', truth=str(path), num_classes=4
    )
    build(tmp_path / 'run', path, path, 'abc', model=model).train()
    first, second = of_start_check(lines)[:2]
    assert 'num_classes is 4 in bbox_head, but there are 3' in first
    assert "without an object in the training data: 'c'" in second


def test_watched_results_must_exist(tmp_path):
    path = write_file(tmp_path, 'a.json', 'ab')
    for hook, words in (
        (
            dict(checkpoint=dict(type='CheckpointHook', save_best='coco/mAP')),
            "save_best must .* but got 'coco/mAP'. There is coco/",
        ),
        (  # as they were called before
            dict(
                checkpoint=dict(
                    type='CheckpointHook', save_best='coco/bbox_mAP@300'
                )
            ),
            r'There is coco/bbox_mAP_at300\.',
        ),
        (
            dict(stop=dict(type='EarlyStoppingHook', monitor='bbox_mAP')),
            "EarlyStoppingHook.monitor must .* but got 'bbox_mAP'",
        ),
    ):
        hooks = dict(start_check=dict(type='StartCheckHook'), **hook)
        runner = build(tmp_path / 'run', path, path, 'ab', default_hooks=hooks)
        with pytest.raises(ValueError, match=words):
            runner.train()
        assert runner.model.seen == []


def test_a_longer_resumed_training_is_told_of_its_schedule(tmp_path, lines):
    """train/08: the state of the checkpoint's scheduler wins."""
    path = write_file(tmp_path, 'a.json', 'ab')
    cosine = dict(type='CosineAnnealingLR', by_epoch=True)
    settings = dict(param_scheduler=cosine)
    cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)
    build(
        tmp_path / 'run', path, path, 'ab', train_cfg=cfg, **settings
    ).train()
    assert of_start_check(lines) == []
    build(
        tmp_path / 'run',
        path,
        path,
        'ab',
        resume=True,
        load_from=str(tmp_path / 'run/epoch_2.pth'),
        train_cfg={**cfg, 'max_epochs': 4},
        **settings,
    ).train()
    (line,) = [line for line in lines if 'schedule' in line]
    assert 'ends at epoch 2, but the training ends at 4' in line
    assert 'The checkpoint brings the length' in line


def test_a_resumed_training_is_told_what_its_config_does_not_change(
    tmp_path, lines
):
    path = write_file(tmp_path, 'a.json', 'ab')
    build(tmp_path / 'run', path, path, 'ab').train()
    cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)
    optimizer = dict(type='SGD', lr=0.5)
    resumed = dict(
        resume=True, load_from=str(tmp_path / 'run/epoch_1.pth'), train_cfg=cfg
    )
    build(tmp_path / 'run', path, path, 'ab', **resumed).train()
    told = 'but the training goes on with that of its checkpoint, 0.01'
    assert not any(told in line for line in lines)
    resumed['optim_wrapper'] = dict(optimizer=optimizer)
    build(tmp_path / 'run', path, path, 'ab', **resumed).train()
    assert any(told in line for line in lines)
    resumed['optim_wrapper'] = dict(optimizer=dict(type='AdamW', lr=0.5))
    runner = build(tmp_path / 'run', path, path, 'ab', **resumed)
    with pytest.raises(ValueError, match='optimizer must be that of the che'):
        runner.train()


def test_ground_truth_is_read_before_the_first_iteration(tmp_path):
    path = write_file(tmp_path, 'a.json', 'ab')
    wrong = tmp_path / 'wrong.json'
    wrong.write_text('{')
    evaluator = dict(type='DenseCocoMetric', ann_file=str(wrong))
    runner = build(tmp_path / 'run', path, path, 'ab', val_evaluator=evaluator)
    with pytest.raises(ValueError, match='must be a COCO JSON file'):
        runner.train()
    assert runner.model.seen == []
