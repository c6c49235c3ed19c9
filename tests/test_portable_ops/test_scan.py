"""Every mmcv operator that mmdet 3.3 imports is offered."""

import ast
import importlib
import inspect
from pathlib import Path

import mmcv._ext
import mmcv.ops
import mmdet
import pytest

SOURCES = sorted(Path(mmdet.__file__).parent.rglob('*.py'))
pytestmark = pytest.mark.skipif(
    not mmcv._ext.__file__.endswith('.py'),
    reason='compiled mmcv is installed and wins over portable_ops',
)


def imported_operators() -> set[str]:
    """Names that mmdet's sources and shipped tools import from mmcv.ops."""
    names = set()
    for path in SOURCES:
        if '.mim/configs' in path.as_posix():
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (
                (node.module or '').startswith('mmcv.ops')
            ):
                names |= {alias.name for alias in node.names}
    return names


def compiled_functions(name: str) -> set[str]:
    """What the module of an operator asks of ``mmcv._ext``."""
    # A name of a submodule, such as ConcatCell, is written in PyTorch.
    operator = getattr(mmcv.ops, name, None)
    if operator is None:
        return set()
    module = importlib.import_module(operator.__module__)
    return {
        node.attr
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == 'ext_module'
    }


# Stands beside the used ones in mmcv.ops.nms; mmdet never calls it.
UNUSED = {'nms_quadri'}


def test_every_imported_operator_is_offered():
    names = imported_operators()
    assert {'batched_nms', 'MultiScaleDeformableAttention'} <= names
    for name in sorted(names):
        missing = compiled_functions(name) - UNUSED - set(vars(mmcv._ext))
        assert not missing, f'{name} needs {sorted(missing)}'


def test_operators_named_in_configs_are_offered():
    """A config asks for an operator by `type`, say of an upsampler."""
    configs = Path(mmdet.__file__).parent / '.mim/configs'
    types = set()
    for path in configs.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                types.add(node.value)
    named = {
        'carafe': {'carafe_forward', 'carafe_backward'},
        'DCN': {'deform_conv_forward', 'deform_conv_backward_input'},
        'DCNv2': {'modulated_deform_conv_forward'},
        'DeformRoIPoolPack': {'deform_roi_pool_forward'},
        'ModulatedDeformRoIPoolPack': {'deform_roi_pool_backward'},
        'RoIPool': {'roi_pool_forward'},
        'MMSyncBN': {'sync_bn_forward_output'},
        'soft_nms': {'softnms'},
    }
    for name in types & set(named):
        assert named[name] <= set(vars(mmcv._ext)), name
