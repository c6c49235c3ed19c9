"""A config inside a checkpoint is data, or it is refused."""

import pytest
from mmengine.config import Config

from dense_scene.cli.options import find_config
from dense_scene.engine.checkpoints.stored_config import (
    find_fault,
    guard_configs,
)

CONFIGS = (
    'smoke/cascade-rcnn_r101-scratch_fpn_dense-proposal-balanced-l1'
    '_smoke_shelves.py',
    'ppyolo/ppyolo_r50vd-dcn-scratch_1xb4-3e_nuclei.py',
    'rtmdet/rtmdet-xs-scratch_1xb4-3e_shelves.py',
    'yolo/yolov3_r18-scratch_1xb4-3e_shelves.py',
    'fcos/fcos_r18-scratch_fpn_1xb4-3e_nuclei.py',
)


@pytest.mark.parametrize('name', CONFIGS)
def test_what_our_runs_store_is_data(name, monkeypatch):
    for data in ('NUCLEI_ROOT', 'SHELVES_ROOT'):
        monkeypatch.setenv(data, 'data (1)/übung')
    text = Config.fromfile(find_config(name)).pretty_text
    assert find_fault(text) is None
    meta = dict(cfg=text)
    guard_configs(dict(meta=meta), 'a.pth')
    assert meta == dict(cfg=text)


@pytest.mark.parametrize(
    'text',
    [
        "a = dict(type='mmdet.CocoMetric', b=-1.5, c=[None, True])",
        "a = {'b c': (1, 2)}\n'''a text'''",
        # As configs of mmengine's newer kind are dumped.
        "a = dict(type='mmdet.models.detectors.retinanet.RetinaNet')",
        "a = dict(type='torch.optim.sgd.SGD')",
        "nms = dict(type='soft_nms', _scope_='mmdet')\ndefault_scope = None",
    ],
)
def test_literals_and_registered_names_are_data(text):
    assert find_fault(text) is None


@pytest.mark.parametrize(
    'text, said',
    [
        ('import os', 'program (line 1'),
        ("a = 1\nb = __import__('os')", 'program (line 2'),
        ("a = dict(dict(type='x'))", 'program'),
        ("a = dict(**{'type': 'x'})", 'program'),
        ("a = f'{1}'", 'program'),
        ('a, b = 1, 2', 'program'),
        ('a.b = 1', 'program'),
        ('def a(): pass', 'program'),
        ('[a for a in (1,)]', 'program'),
        ('a = [1', 'no config'),
        ('a = ' + '[' * 5000 + ']' * 5000, 'no config'),
        ('a = 1\0', 'no config'),
        (5, 'no text'),
        ("_base_ = '/tmp/b.py'", '_base_'),
        ("custom_imports = dict(imports=['evil'])", "imports 'evil'"),
        ("custom_imports = 'evil'", "imports 'evil'"),
        ("custom_imports = dict(imports='evil')", "imports 'evil'"),
        ("a = dict(type='os.system', command='x')", 'os.system'),
        ("a = [{'b': {'type': 'os.system'}}]", 'os.system'),
        # Attributes of the packages, which their registries find as well.
        ("a = dict(type='mmengine.load', file='x')", 'mmengine.load'),
        ("a = dict(type='mmdet.apis.init_detector')", 'init_detector'),
        # No dot: mmengine imports a module of that name.
        ("a = dict(type='antigravity')", 'antigravity'),
        ("a = dict(type='__main__')", '__main__'),
        # mmengine imports antigravity.registry, and so antigravity.
        ("a = dict(type='RetinaNet', _scope_='antigravity')", 'import'),
        ("default_scope = 'antigravity'", 'import'),
        ("runner_type = 'os.system'", 'os.system'),
        ("dict = 'a'\nb = dict(c=1)", 'line 1: dict'),
        # mmcv gives the type of an nms to eval().
        ("nms = dict(type='exec(chr(49))')", 'exec'),
        ("a = dict(type='CameraMotionCompensation', warp_mode='f()')", 'f()'),
        ("a = dict(collate_fn='os.system')", 'os.system'),
        ("a = dict(ann_file='http://evil/a.pkl')", 'a.pkl'),
        ("a = dict(ann_file='a.YAML')", 'a.YAML'),
        ("a = dict(backend='memcached', sys_path='/tmp')", 'sys_path'),
        # Replaced in the text before it is parsed: $HOME has no quotes.
        ("a = '{{$HOME:' \"}} '; import os #\"", '{{'),
    ],
)
def test_whatever_runs_or_imports_is_named(text, said):
    fault = find_fault(text)
    assert said in fault and '\n' not in fault
    checkpoint = dict(
        meta=dict(cfg=text, config=text, epoch=1),
        message_hub=dict(runtime_info=dict(cfg=text, best=2)),
    )
    guard_configs(checkpoint, 'a.pth')
    meta, info = checkpoint['meta'], checkpoint['message_hub']['runtime_info']
    assert 'config' not in meta and meta['epoch'] == 1 and info['best'] == 2
    for owner in (meta, info):
        with pytest.raises(ValueError, match="'a.pth' must hold a config"):
            Config.fromstring(owner['cfg'], '.py')
