"""Checkpoints are data: what loads, what is refused, and how it says so."""

import gzip
import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner.checkpoint import CheckpointLoader

from dense_scene.engine.checkpoints.loading import (
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


def _zipped(name):
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, 'w') as archive:
            archive.writestr(f'archive/{name}', b'')
        return file.getvalue()


def _torch_file(content, **kwargs):
    with io.BytesIO() as file:
        torch.save(content, file, **kwargs)
        return file.getvalue()


def _of_tensor(tensor):
    return _torch_file(dict(state_dict=dict(a=tensor)))


GZIPPED = gzip.compress(b'a' * 99, mtime=0)  # the same in every worker
QUANTIZED = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
GOOD = _torch_file(dict(state_dict=dict(weight=torch.arange(999.0))))


@pytest.mark.parametrize(
    'content, said',
    [
        (b'', 'is empty'),
        (b'\x80', 'is no file of torch.save'),
        (
            _torch_file({'a': torch.ones(1)}, pickle_protocol=4),
            'was saved with a pickle_protocol above 3. Load it where',
        ),
        (_of_tensor(torch.ones(2, device='meta')), 'a tensor without values'),
        (_of_tensor(QUANTIZED), 'a tensor of quantized values'),
        (_of_tensor(torch.ones(1).expand(2**40)), 'larger than its values'),
        (bytes(5000), 'holds zeros'),
        (b'\n<!DOCTYPE html><html>404</html>', 'is a web page'),
        (b'version https://git-lfs.github.com/spec/v1\noid', 'git lfs pull'),
        ('Größe\n'.encode() * 9, r"is text \('Größe'"),
        (bytes(range(200, 256)) * 9, 'is no file of torch.save'),
        (pickle.dumps({'a': 1}), 'is a plain pickle; nothing in it was run'),
        (GZIPPED, 'is compressed with gzip. *.*Unpack'),
        (b'\x08' + bytes(7) + b'{"a":{}}' + bytes(99), 'is a safetensors'),
        (_zipped('constants.pkl'), 'is a TorchScript program'),
        (_zipped('readme'), 'is a zip archive, not a checkpoint'),
        (GOOD[:500], 'is cut short: its end is missing'),
        (GOOD[:-40], 'is cut short'),
        (GOOD.replace(struct.pack('f', 5), b'abcd'), 'sum of .*data/0 is wr'),
        (_torch_file(torch.ones(3)), 'must hold weights, .* holds a Tensor'),
        (_torch_file({}), 'its state_dict is empty'),
        (_torch_file(dict(model=dict(a=torch.ones(1)))), 'keys are model'),
        (_torch_file(dict(state_dict=dict(a='b'))), "'a'] is of type str"),
        (
            _torch_file(dict(state_dict=dict(a=torch.ones(1)), meta=[])),
            'its meta is no dict',
        ),
    ],
)
def test_what_is_no_checkpoint_is_said_in_one_line(tmp_path, content, said):
    path = tmp_path / 'a.pth'
    path.write_bytes(content)
    with pytest.raises(CheckpointRefusedError, match=said) as error:
        load_from_file(path)
    assert str(path) in str(error.value)
    assert '\n' not in str(error.value) and len(str(error.value)) < 400


def test_files_without_check_sums_and_of_the_old_format_load(tmp_path):
    content = dict(state_dict=dict(weight=torch.ones(3)))
    old = dict(_use_new_zipfile_serialization=False)
    (tmp_path / 'a').write_bytes(_torch_file(content, **old))
    torch.serialization.set_crc32_options(False)
    try:
        (tmp_path / 'b').write_bytes(_torch_file(content))
    finally:
        torch.serialization.set_crc32_options(True)
    for name in 'ab':
        loaded = load_from_file(tmp_path / name)
        assert loaded['state_dict']['weight'].tolist() == [1, 1, 1]


def test_missing_file_names_itself(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'.*none\.pth' does not"):
        load_from_file(tmp_path / 'none.pth')
