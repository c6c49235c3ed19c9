"""What we save holds tensors and plain values, and reads back equal."""

import subprocess
import sys
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.optim import OneCycleLR

from dense_scene.engine.checkpoints.loading import CheckpointRefusedError
from dense_scene.engine.hooks.plain_checkpoint_hook import (
    PlainCheckpointHook,
    history_from_plain,
    history_to_plain,
    to_plain,
)


def test_history_round_trip():
    history = HistoryBuffer([3.0, 1.0, 2.0], [1, 2, 1], max_length=7)
    back = history_from_plain(history_to_plain(history))
    assert back.data[0].tolist() == [3.0, 1.0, 2.0]
    assert back.data[1].tolist() == [1, 2, 1]
    assert back.max_length == 7
    assert back.min() == 1.0


def test_empty_history_round_trip():
    back = history_from_plain(history_to_plain(HistoryBuffer()))
    assert len(back.data[0]) == len(back.data[1]) == 0
    back.update(4.0)
    assert back.current() == 4.0


@pytest.mark.parametrize(
    'value, expected',
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.str_('a'), 'a'),
        (ConfigDict(a=(1, 2)), {'a': (1, 2)}),
        ({1}, [1]),
        (namedtuple('P', 'x y')(1, 2), (1, 2)),
        (np.array(['a', 'b']), ['a', 'b']),
        (None, None),
    ],
)
def test_to_plain_values(value, expected):
    plain = to_plain(value)
    assert plain == expected
    assert type(plain) is type(expected)


def test_numeric_array_becomes_an_equal_tensor():
    plain = to_plain(np.arange(6, dtype=np.int16).reshape(2, 3))
    assert torch.equal(
        plain, torch.tensor([[0, 1, 2], [3, 4, 5]], dtype=torch.int16)
    )


def test_an_object_without_plain_form_is_kept_as_text():
    assert to_plain({'a': slice(1, 2)}, 'meta') == {'a': 'slice(1, 2, None)'}


def test_a_scheduler_keeps_its_own_functions():
    def one_cycle():
        weight = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        return OneCycleLR(optimizer, eta_max=1, total_steps=10)

    saved, resumed = one_cycle(), one_cycle()
    for _ in range(4):
        saved.step()
    checkpoint = dict(param_schedulers=[saved.state_dict()])
    PlainCheckpointHook().before_save_checkpoint(None, checkpoint)
    resumed.load_state_dict(checkpoint['param_schedulers'][0])
    for scheduler in (saved, resumed):
        scheduler.step()
    assert resumed.get_last_value() == saved.get_last_value()


def test_saved_file_loads_in_a_process_without_this_package(tmp_path):
    hub = MessageHub('test-plain-hook')
    hub.update_scalar('train/loss', 2.0)
    hub.update_info('best', np.float64(0.5))
    weights = OrderedDict(w=torch.ones(2))
    checkpoint = dict(
        meta=dict(cfg='x = 1', dataset_meta=ConfigDict(classes=('a',))),
        state_dict=weights,
        message_hub=hub.state_dict(),
        optimizer=dict(state={0: dict(step=torch.tensor(1.0))}),
    )
    PlainCheckpointHook().before_save_checkpoint(None, checkpoint)
    assert checkpoint['state_dict'] is weights
    path = tmp_path / 'plain.pth'
    torch.save(checkpoint, path)

    code = (
        'import sys, torch\n'
        f'c = torch.load({str(path)!r}, weights_only=True)\n'
        'assert "dense_scene" not in sys.modules\n'
        'assert "mmengine" not in sys.modules\n'
        'print(c["meta"]["dataset_meta"]["classes"][0],\n'
        '      c["message_hub"]["runtime_info"]["best"])\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    assert done.stdout.split() == ['a', '0.5'], done.stderr

    loaded = torch.load(path, weights_only=True)
    PlainCheckpointHook().after_load_checkpoint(None, loaded)
    resumed = MessageHub('test-plain-hook-resumed')
    resumed.load_state_dict(loaded['message_hub'])
    assert resumed.get_scalar('train/loss').current() == 2.0


def test_a_checkpoint_without_message_hub_passes():
    checkpoint = dict(state_dict={})
    PlainCheckpointHook().after_load_checkpoint(None, checkpoint)
    assert checkpoint == dict(state_dict={})


@pytest.mark.parametrize('part', ['values', 'counts', 'max_length'])
def test_a_damaged_history_is_one_line(part):
    plain = history_to_plain(HistoryBuffer([1.0], [1]))
    for value in ('text', None):
        hub = dict(log_scalars=dict(loss={**plain, part: value}))
        with pytest.raises(CheckpointRefusedError, match='one is damaged'):
            PlainCheckpointHook().after_load_checkpoint(
                None, dict(message_hub=hub)
            )
