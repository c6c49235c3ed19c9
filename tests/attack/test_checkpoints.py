"""Checkpoints that want to run something: none may, by whatever door.

Each tries to make a folder, the marker.
"""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.apis import DetInferencer, init_detector
from mmdet.models import ResNet
from mmdet.registry import MODELS, TASK_UTILS
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseTTAModel
from mmengine.optim import OptimWrapper
from mmengine.runner.checkpoint import CheckpointLoader

from dense_scene.engine.checkpoints.fit import state_fault
from dense_scene.engine.checkpoints.loading import (
    CheckpointRefusedError,
    load_from_file,
)
from tests.tiny_two_stage import model_config

from . import tiny_run

# As text and as a config: PATH is the marker's.
RUNS = "__import__('os').mkdir('PATH')"


class Reduced:
    """Pickles as the call of a function."""

    def __init__(self, function, *args):
        self.reduced = function, args

    def __reduce__(self):
        return self.reduced


def eval_of(marker):
    return Reduced(eval, RUNS.replace('PATH', str(marker)))


# Texts of configs; each makes the marker if mmengine executes it, or where
# its registries build it.
CONFIGS = {
    'statement': f'exec("{RUNS}")',
    'call': f'a = {RUNS}',
    'literals': "model = dict(type='os.mkdir', path='PATH')",
    'nested': "model = dict(type='RetinaNet', neck=["
    "{'type': 'os.mkdir', 'path': 'PATH'}])",
    'eval': f'model = dict(type="CameraMotionCompensation", '
    f'warp_mode="{RUNS}")',
    'scope': "model = dict(type='RetinaNet', _scope_='marker_module')",
    'import': "custom_imports = dict(imports=['marker_module'])",
    'module': "model = dict(type='marker_module')",
    # $HOME takes the place of the quotes, and what follows is code.
    'variable': f"""a = '{{{{$HOME:' "}}}} ' + str({RUNS}) #\"""",
}


@pytest.fixture
def armed(tmp_path, monkeypatch):
    """The marker's path, and a module that makes it when it is imported."""
    path = tmp_path / 'ran'
    module = f'import os\nos.mkdir({str(path)!r})'
    (tmp_path / 'marker_module.py').write_text(module)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, 'marker_module', raising=False)
    yield path
    sys.modules.pop('marker_module', None)


@pytest.fixture
def marker(armed):
    yield armed
    assert not armed.exists(), 'something ran'


def stock(**parts):
    hub = dict(log_scalars={}, runtime_info={}, resumed_keys={})
    content = dict(
        meta=dict(epoch=1, iter=4),
        state_dict=tiny_run.TinyModel().state_dict(),
        message_hub=hub,
    )
    return {**content, **parts}


@pytest.mark.parametrize('name', CONFIGS)
@pytest.mark.parametrize('place', ['meta', 'hub'])
def test_a_stored_config_never_runs_in_the_inferencer(
    tmp_path, marker, name, place
):
    text = CONFIGS[name].replace('PATH', str(marker))
    content = stock()
    owner = content['message_hub']['runtime_info']
    owner = content['meta'] if place == 'meta' else owner
    owner['cfg'] = text
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(ValueError, match='Give the config file') as error:
        DetInferencer(weights=str(tmp_path / 'a.pth'), device='cpu')
    assert '\n' not in str(error.value) and 'a.pth' in str(error.value)


@pytest.mark.parametrize('name', ['statement', 'literals'])
def test_a_stored_config_never_runs_when_resumed(tmp_path, marker, name):
    """Under all three keys; the run goes on, and stores its own config."""
    text = CONFIGS[name].replace('PATH', str(marker))
    folder = tmp_path / 'run'
    assert tiny_run.train(folder, epochs=1)[0] == 0
    content = torch.load(folder / 'epoch_1.pth')
    content['meta'].update(config=text, cfg=text)
    content['message_hub']['runtime_info']['cfg'] = text
    torch.save(content, folder / 'epoch_1.pth')
    code, printed = tiny_run.train(folder, epochs=2, resume=True)
    assert code == 0, printed
    stored = load_from_file(folder / 'epoch_2.pth')['message_hub']
    assert "type='TinyModel'" in stored['runtime_info']['cfg']


PICKLES = {
    'eval': eval_of,
    'getattr': lambda marker: Reduced(getattr, HistoryBuffer, '__init__'),
    # bytes of the file as a pointer, which NumPy follows
    'pointer': lambda marker: Reduced(
        set, [Reduced(np.ndarray, (1,), 'O', b'A' * 8)]
    ),
    'memory': lambda marker: Reduced(np.ndarray, (10**13,), 'u1'),
    'dtype': lambda marker: Reduced(np.dtype, 123),
    'fields': lambda marker: Reduced(np.dtype, [('a', 'O')]),
    'history': lambda marker: Reduced(HistoryBuffer, [1], [1]),
    'function': lambda marker: torch._utils._rebuild_tensor,
    'class': lambda marker: OrderedDict,
    'itself': lambda marker: _list_of_itself(),
    'laughs': lambda marker: _laughs(),
    'objects': lambda marker: np.array([marker], object),
    'sparse': lambda marker: torch.eye(3).to_sparse(),
}


def _list_of_itself():
    value = []
    value.append(value)
    return value


def _laughs():
    """10 ** 9 values by ten lists."""
    value = [0]
    for _ in range(9):
        value = [value] * 10
    return value


@pytest.mark.parametrize('place', ['meta', 'state_dict', 'optimizer'])
@pytest.mark.parametrize('name', PICKLES)
def test_no_pickle_runs_or_breaks_anything(tmp_path, marker, name, place):
    path = tmp_path / 'a.pth'
    value = PICKLES[name](marker)
    torch.save(stock(**{place: dict(a=value)}), path)
    with pytest.raises(CheckpointRefusedError) as error:
        CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    assert '\n' not in str(error.value) and len(str(error.value)) < 500
    assert 'weights_only' not in str(error.value)


@pytest.mark.parametrize('order', ['little', 'big', 'fortran', 'text'])
def test_arrays_are_read_as_numpy_reads_them(tmp_path, order):
    array = np.arange(6.0).reshape(2, 3)
    array = dict(
        little=array,
        big=array.astype('>f4'),
        fortran=np.asfortranarray(array),
        text=np.array(['a', 'bc']),
    )[order]
    torch.save(stock(meta=dict(a=array)), tmp_path / 'a.pth')
    found = load_from_file(tmp_path / 'a.pth')['meta']['a']
    assert found.dtype == array.dtype and np.array_equal(found, array)


def test_the_other_doors(tmp_path, marker):
    """A model built by config, and weights of a backbone."""
    path = str(tmp_path / 'a.pth')
    torch.save(stock(meta=eval_of(marker)), path)
    cfg = Config(dict(model=model_config(1)))
    with pytest.raises(CheckpointRefusedError):
        init_detector(cfg, path, device='cpu')
    with pytest.raises(CheckpointRefusedError):
        DetInferencer(cfg, path, device='cpu')
    weights = dict(type='Pretrained', checkpoint=path)
    with pytest.raises(CheckpointRefusedError):
        ResNet(18, base_channels=4, init_cfg=weights).init_weights()


def test_a_process_that_a_config_starts_is_guarded(tmp_path, marker):
    """`mim test` reads the config, which imports us, before the weights."""
    torch.save(stock(meta=eval_of(marker)), tmp_path / 'a.pth')
    code = (
        'import sys\n'
        'from mmengine.config import Config\n'
        'from mmengine.runner.checkpoint import load_checkpoint\n'
        'Config.fromfile(sys.argv[1])\n'
        'load_checkpoint(None, sys.argv[2])\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code, tiny_run.RUNTIME, tmp_path / 'a.pth'],
        env={**os.environ, 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD': '1'},
        capture_output=True,
        text=True,
    )
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .startswith(
            'dense_scene.engine.checkpoints.loading.CheckpointRefusedError'
        )
    )


def test_examples_import_us_before_they_load():
    root = Path(__file__).parents[2]
    for path in (root / 'README.md', *(root / 'docs').rglob('*.md')):
        blocks = path.read_text().split('```python')[1:]
        for block in (b.split('```')[0] for b in blocks):
            if 'DetInferencer(' in block or 'init_detector(' in block:
                assert block.index('import dense_scene') < block.index(
                    'from mmdet.apis'
                ), path


def test_damaged_bytes_are_one_line(tmp_path):
    """Of both formats; the new one has check sums, the old one has none."""
    rng = np.random.default_rng(0)
    refused = 0
    for kwargs in ({}, dict(_use_new_zipfile_serialization=False)):
        torch.save(stock(), tmp_path / 'a.pth', **kwargs)
        content = np.frombuffer((tmp_path / 'a.pth').read_bytes(), np.uint8)
        for _ in range(150):
            bad = content.copy()
            where = rng.integers(len(bad), size=rng.integers(1, 4))
            bad[where] = rng.integers(256, size=len(where))
            cut = len(bad) if rng.random() < 0.7 else rng.integers(len(bad))
            (tmp_path / 'b.pth').write_bytes(bad[:cut].tobytes())
            try:
                load_from_file(tmp_path / 'b.pth')
            except CheckpointRefusedError as error:
                refused += 1
                assert '\n' not in str(error)
    assert refused > 100


@pytest.mark.parametrize('name', [*CONFIGS, 'pickle'])
def test_the_attacks_are_real(armed, name):
    """mmengine and pickle run each of them where nobody stands guard."""
    with suppress(Exception):  # what comes after may fail
        if name == 'pickle':
            pickle.loads(pickle.dumps(eval_of(armed)))
        text = CONFIGS[name].replace('PATH', str(armed))
        cfg = Config.fromstring(text, '.py')
        registry = TASK_UTILS if name == 'eval' else MODELS
        registry.build(cfg.model.neck[0] if name == 'nested' else cfg.model)
    assert armed.is_dir()


@pytest.mark.parametrize('mode', ['test', 'resume', 'load_from'])
@pytest.mark.parametrize('fault', ['names', 'shape', 'missing'])
def test_weights_that_do_not_fit_are_refused(tmp_path, mode, fault):
    folder, path = tmp_path / 'run', str(tmp_path / 'a.pth')
    weights = tiny_run.TinyModel().state_dict()
    if fault == 'names':
        weights = {f'other.{key}': value for key, value in weights.items()}
    elif fault == 'missing':
        del weights['layer.bias']
    width = 5 if fault == 'shape' else 3
    torch.save(stock(state_dict=weights), path)
    arguments = dict(load_from=path, width=width, epochs=2)
    if mode == 'test':
        runner = tiny_run.build(folder, **arguments)
        with pytest.raises(CheckpointRefusedError, match='do not fit'):
            runner.test()
        return
    code, printed = tiny_run.train(
        folder, resume=mode == 'resume', **arguments
    )
    if mode == 'load_from' and fault != 'names':
        assert code == 0, printed  # as for a head of other classes
        return
    (line,) = [x for x in printed.splitlines() if x.startswith('FAILED')]
    first = dict(names='7 of its 6', shape='must be', missing='layer.bias')
    assert 'tensors do not fit, the first is' in line
    assert first[fault] in line or fault == 'names'


class Augmented(BaseTTAModel):
    """What `mim test --tta` puts around a model."""

    def merge_preds(self, data_samples_list):
        return data_samples_list[0]


def test_weights_are_those_of_the_model_within(tmp_path):
    path = str(tmp_path / 'a.pth')
    weights = tiny_run.TinyModel().state_dict()
    torch.save(stock(state_dict=weights), path)
    runner = tiny_run.build(tmp_path / 'run', load_from=path, epochs=2)
    runner.model = Augmented(module=runner.model)
    runner.load_or_resume()
    for name, value in runner.model.module.state_dict().items():
        assert torch.equal(value, weights[name]), name


@pytest.mark.parametrize(
    'part, value, said',
    [
        ('message_hub', None, 'holds no message_hub'),
        ('meta', {}, 'its epoch is None'),
        ('meta', dict(epoch='1', iter=4), "its epoch is '1'"),
        ('optimizer', 5, 'its optimizer is none'),
        ('optimizer', dict(param_groups=[dict(params=[0])]), '1 parameters'),
        ('param_schedulers', [3], 'its param_schedulers are none'),
    ],
)
def test_what_cannot_be_resumed_says_so(part, value, said):
    content = stock(**{part: value})
    if value is None:
        del content[part]
    layer = tiny_run.TinyModel()
    wrapper = OptimWrapper(torch.optim.SGD(layer.parameters(), lr=1))
    assert said in state_fault(content, wrapper)
    assert state_fault(stock(), wrapper) is None
    whole = stock(optimizer=wrapper.state_dict(), param_schedulers=[{}])
    assert state_fault(whole, wrapper) is None


def test_the_group_that_mmengine_adds_is_none_of_the_optimizer():
    """Its wrapper lists one more where an optimizer has several."""
    model = tiny_run.TinyModel()
    parts = [dict(params=x.parameters()) for x in (model.layer, model.norm)]
    wrapper = OptimWrapper(torch.optim.SGD(parts, lr=1))
    assert len(wrapper.param_groups) == 3
    whole = stock(optimizer=wrapper.state_dict())
    assert state_fault(whole, wrapper) is None


def test_a_resume_without_the_state_of_one_is_refused(tmp_path):
    path = str(tmp_path / 'a.pth')
    torch.save(stock(meta={}), path)
    code, printed = tiny_run.train(
        tmp_path / 'run', resume=True, load_from=path
    )
    (line,) = [x for x in printed.splitlines() if x.startswith('FAILED')]
    assert 'its epoch is None' in line and 'without --resume' in line
