"""Checkpoints are data: what loads, what is refused, and how it says so."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner.checkpoint import CheckpointLoader

from dense_scene.engine.checkpoint_loading import (
    CheckpointRefusedError,
    load_from_file,
)


class _Touch:
    """A pickle that creates a file when it is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def _stock_checkpoint() -> dict:
    """What mmengine 0.10 puts into a file, log history and all."""
    hub = MessageHub('test-checkpoint-loading')
    for value in (1.0, 0.5):
        hub.update_scalar('train/loss', value)
    hub.update_info('best', np.float64(0.25))
    return dict(
        meta=dict(epoch=1, iter=2, cfg='a = 1'),
        state_dict=OrderedDict(weight=torch.arange(3.0)),
        message_hub=hub.state_dict(),
    )


def test_stock_checkpoint_loads_with_its_history(tmp_path):
    path = tmp_path / 'stock.pth'
    torch.save(_stock_checkpoint(), path)

    loaded = CheckpointLoader.load_checkpoint(str(path), map_location='cpu')

    history = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)
    assert history.data[0].tolist() == [1.0, 0.5]
    assert history.mean() == 0.75  # (1.0 + 0.5) / 2
    assert loaded['message_hub']['runtime_info']['best'] == 0.25
    assert loaded['state_dict']['weight'].tolist() == [0.0, 1.0, 2.0]


def test_stock_torch_load_refuses_that_file(tmp_path):
    """The reason for the loader; when this fails, it may have gone."""
    path = tmp_path / 'stock.pth'
    torch.save(_stock_checkpoint(), path)
    with pytest.raises(pickle.UnpicklingError, match='Unsupported global'):
        torch.load(path, weights_only=True)


@pytest.mark.parametrize('key', ['state_dict', 'meta', 'message_hub'])
def test_malicious_pickle_is_refused_and_does_not_run(tmp_path, key):
    path, trace = tmp_path / 'bad.pth', tmp_path / 'ran'
    torch.save({**_stock_checkpoint(), key: _Touch(trace)}, path)

    with pytest.raises(CheckpointRefusedError) as error:
        CheckpointLoader.load_checkpoint(str(path))

    message = str(error.value)
    assert 'mkdir' in message and str(path) in message
    assert 'Nothing in it was run' in message
    assert '\n' not in message
    assert not trace.exists()


def test_the_same_pickle_does_run_when_unpickled(tmp_path):
    """The attack above is a real one."""
    path, trace = tmp_path / 'bad.pth', tmp_path / 'ran'
    torch.save(_Touch(trace), path)
    torch.load(path, weights_only=False)
    assert trace.is_dir()


class _Getattr:
    def __init__(self, owner, name):
        self.args = owner, name

    def __reduce__(self):
        return getattr, self.args


@pytest.mark.parametrize(
    'owner, name',
    [
        (HistoryBuffer, '__init__'),  # .__globals__ is one step further
        (np.ndarray, 'tofile'),
        (HistoryBuffer, '__subclasses__'),
    ],
)
def test_getattr_reaches_nothing_but_the_four_statistics(
    tmp_path, owner, name
):
    path = tmp_path / 'getattr.pth'
    torch.save(_Getattr(owner, name), path)
    with pytest.raises(CheckpointRefusedError, match='getattr on'):
        load_from_file(path)


def test_damaged_file_is_one_clear_line(tmp_path):
    path = tmp_path / 'cut.pth'
    torch.save(_stock_checkpoint(), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(CheckpointRefusedError, match='damaged or cut short'):
        load_from_file(path)


def test_empty_file_is_one_clear_line(tmp_path):
    path = tmp_path / 'empty.pth'
    path.touch()
    with pytest.raises(CheckpointRefusedError, match='damaged or cut short'):
        load_from_file(path)


def test_missing_file_names_itself(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'.*none\.pth' does not"):
        load_from_file(tmp_path / 'none.pth')


def test_url_is_downloaded_and_refused_alike(tmp_path, monkeypatch):
    """A web server of our own on the loopback address serves the attack."""
    served, trace = tmp_path / 'served', tmp_path / 'ran'
    served.mkdir()
    torch.save(_Touch(trace), served / 'bad.pth')
    torch.save({'a': torch.ones(2)}, served / 'good.pth')
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'home'))
    server = subprocess.Popen(
        [
            sys.executable,
            '-u',
            '-m',
            'http.server',
            '0',
            '--bind',
            '127.0.0.1',
            '--directory',
            str(served),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        # "Serving HTTP on 127.0.0.1 port 40123 (http://...) ..."
        port = server.stdout.readline().split('port ')[1].split()[0]
        url = f'http://127.0.0.1:{port}'
        good = CheckpointLoader.load_checkpoint(f'{url}/good.pth')
        assert good['a'].tolist() == [1.0, 1.0]
        with pytest.raises(CheckpointRefusedError, match='mkdir'):
            CheckpointLoader.load_checkpoint(f'{url}/bad.pth')
    finally:
        server.kill()
        server.wait()
    assert not trace.exists()


def test_torchvision_scheme_says_what_to_do_without_torchvision(monkeypatch):
    monkeypatch.setitem(sys.modules, 'torchvision', None)
    with pytest.raises(ModuleNotFoundError, match='init_cfg=None'):
        CheckpointLoader.load_checkpoint('torchvision://resnet101')
