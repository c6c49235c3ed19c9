"""Every way to a checkpoint is ours, and keeps addresses apart."""

import functools
import http.server
import os
import sys
import threading

import pytest
import torch
from mmengine.runner import checkpoint as stock

from dense_scene.engine.checkpoints import schemes
from dense_scene.engine.checkpoints.loading import CheckpointRefusedError

load = stock.CheckpointLoader.load_checkpoint


class _Touch:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A folder, and its address on a web server of our own."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'home'))
    folder = tmp_path / 'served'
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f'http://127.0.0.1:{server.server_address[1]}'
    server.shutdown()
    server.server_close()


def test_every_scheme_of_mmengine_is_ours():
    loaders = stock.CheckpointLoader._schemes
    foreign = {
        scheme: loader
        for scheme, loader in loaders.items()
        if not loader.__module__.startswith('dense_scene.')
    }
    assert not foreign and len(loaders) >= 11


def test_a_download_is_refused_like_a_file_and_not_kept(served, tmp_path):
    folder, url = served
    torch.save(_Touch(tmp_path / 'ran'), folder / 'bad.pth')
    with pytest.raises(CheckpointRefusedError, match='mkdir') as error:
        load(f'{url}/bad.pth')
    assert f'came from {url}/bad.pth and was deleted' in str(error.value)
    assert not (tmp_path / 'ran').exists()
    # What is there now is read, not what was.
    torch.save({'a': torch.ones(2)}, folder / 'bad.pth')
    assert load(f'{url}/bad.pth')['a'].tolist() == [1, 1]


def test_a_date_is_no_check_sum_and_one_name_may_be_two_files(served):
    folder, url = served
    for number, name in enumerate(('a/x-20240115.pth', 'b/x-20240115.pth')):
        (folder / name).parent.mkdir()
        torch.save({'a': torch.tensor(number)}, folder / name)
    assert load(f'{url}/a/x-20240115.pth')['a'] == 0
    assert load(f'{url}/b/x-20240115.pth')['a'] == 1


@pytest.mark.parametrize('name', ['none.pth', 'page'])
def test_what_is_not_there_names_address_remedy_and_place(served, name):
    folder, url = served
    if name == 'page':
        url = 'http://127.0.0.1:9'  # nobody listens there
    with pytest.raises(ConnectionError) as error:
        load(f'{url}/{name}')
    message = str(error.value)
    assert f'{url}/{name} could not be downloaded' in message
    assert 'give its path' in message and '\n' not in message
    place = message.rsplit('store it as ', 1)[1].rstrip('.')
    os.makedirs(os.path.dirname(place), exist_ok=True)
    torch.save({'a': torch.tensor(3)}, place)
    assert load(f'{url}/{name}')['a'] == 3


def test_lists_of_models_end_in_the_same_loader(served, monkeypatch):
    folder, url = served
    torch.save(
        {'backbone.a': torch.ones(1), 'head': torch.ones(1)}, folder / 'm'
    )
    listed = {'m': f'{url}/m'}
    for name in ('get_external_models', 'get_mmcls_models'):
        monkeypatch.setattr(schemes.stock, name, lambda: listed)
    assert set(load('open-mmlab://m')) == {'backbone.a', 'head'}
    assert set(load('mmcls://m')['state_dict']) == {'a'}
    with pytest.raises(ValueError, match="mmcls has no weights named 'n'"):
        load('mmcls://n')
    with pytest.raises(CheckpointRefusedError, match='Download it'):
        load('pavi://m')


def test_torchvision_names_hold_their_check_sum(served, monkeypatch):
    folder, url = served
    torch.save({'a': torch.ones(1)}, folder / 'net-01234567.pth')
    listed = {'net': f'{url}/net-01234567.pth'}
    monkeypatch.setattr(
        schemes.stock, 'get_torchvision_models', lambda: listed
    )
    with pytest.raises(ConnectionError, match='invalid hash'):
        load('torchvision://net')


def test_torchvision_scheme_says_what_to_do_without_torchvision(monkeypatch):
    monkeypatch.setitem(sys.modules, 'torchvision', None)
    with pytest.raises(ModuleNotFoundError, match='init_cfg=None'):
        load('torchvision://resnet101')
