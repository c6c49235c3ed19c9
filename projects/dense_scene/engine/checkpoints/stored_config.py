"""Configs inside checkpoints are read as data.

mmengine executes them: ``Runner.resume`` that of ``meta['config']``, and
``DetInferencer(weights=...)`` that of ``message_hub.runtime_info.cfg`` or
``meta['cfg']``. Literals alone are enough for an attack, since its registries
import any dotted ``type`` and its data sets unpickle ``.pkl`` files.
"""

import ast
import importlib.util
from collections.abc import Iterator
from typing import Any

import mmdet.registry
import mmengine.registry
from mmengine.registry import Registry

from ..dense_runner import DenseRunner  # noqa: F401

# The package that a stored config may import. (Our configs also name
# DenseRunner, which is imported to be registered.)
_IMPORTS = {'dense_scene'}
_SCOPES = {'mmdet': mmdet.registry, 'mmengine': mmengine.registry}
# Keys whose value mmengine looks up in a registry, or mmdet gives to eval().
_BUILDS = ('type', 'runner_type', 'collate_fn', 'constructor', 'warp_mode')
# Keys whose value mmengine imports as a module, with '.registry' behind it.
_SCOPE_KEYS = ('_scope_', 'default_scope')
# Formats that mmengine reads by pickle, or by YAML with Python objects.
_UNSAFE = ('pkl', 'pickle', 'yaml', 'yml')
_LONGEST = 2_000_000


def guard_configs(checkpoint: dict, name: str) -> None:
    """Make the configs in a checkpoint harmless, in place.

    ``meta['config']``, of old versions, is dropped. The others stay if they
    are data; else a line takes their place that refuses to be executed, so
    that the weights can still be used with a config file.
    """
    meta, hub = checkpoint.get('meta'), checkpoint.get('message_hub')
    if isinstance(meta, dict):
        meta.pop('config', None)
        _guard(meta, name)
    if isinstance(hub, dict) and isinstance(hub.get('runtime_info'), dict):
        _guard(hub['runtime_info'], name)


def _guard(owner: dict, name: str) -> None:
    fault = find_fault(owner['cfg']) if 'cfg' in owner else None
    if fault:
        line = (
            f'checkpoint {name!r} must hold a config that is data, but it '
            f'{fault}. Nothing in it was run. Give the config file.'
        )
        owner['cfg'] = f'raise ValueError({line!r})\n'


def find_fault(text: Any) -> str | None:
    """Why a config's text is not data, or None: assignments of literals.

    What it imports is this package or nothing, and each ``type`` is the name
    of something registered: no other path of a module, no expression.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return 'is no text, or a very long one'
    # mmengine replaces these in the text, also inside of quotes.
    if '{{' in text:
        return "holds '{{'"
    try:
        values = dict(_assignments(ast.parse(text)))
        return _value_fault(values) or _import_fault(values)
    except _ProgramError as error:
        return f'is a program ({error})'
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f'is no config ({type(error).__name__})'


class _ProgramError(Exception):
    """A config does something; the text names the line."""


def _assignments(module: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in module.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if not isinstance(target, ast.Name) or len(node.targets) > 1:
            raise _ProgramError(f'line {node.lineno}')
        if target.id in ('dict', '__builtins__'):  # which the rest needs
            raise _ProgramError(f'line {node.lineno}: {target.id} = ...')
        yield target.id, _literal(node.value)


def _literal(node: ast.expr) -> Any:
    """The value of literals and ``dict(...)``."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [_literal(item) for item in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        if isinstance(node.operand, ast.Constant):
            return ast.literal_eval(node)
    elif isinstance(node, ast.Dict) and None not in node.keys:
        keys = [_literal(key) for key in node.keys if key]
        return dict(zip(keys, map(_literal, node.values)))
    elif isinstance(node, ast.Call) and not node.args:
        named = all(keyword.arg for keyword in node.keywords)
        is_dict = isinstance(node.func, ast.Name) and node.func.id == 'dict'
        if is_dict and named:
            return {str(k.arg): _literal(k.value) for k in node.keywords}
    raise _ProgramError(f'line {node.lineno}')


def _import_fault(values: dict) -> str | None:
    if '_base_' in values:
        return 'has a _base_, which is another file'
    imports = values.get('custom_imports') or {}
    names = imports.get('imports') if isinstance(imports, dict) else [imports]
    names = names if isinstance(names, list) else [names]
    foreign = [name for name in names if name not in _IMPORTS]
    return f'imports {foreign[0]!r}' if foreign and imports else None


def _value_fault(value: Any, key: Any = None) -> str | None:
    """The first value anywhere inside that mmengine would run or import."""
    if isinstance(value, dict):
        if 'sys_path' in value:
            return 'sets a sys_path to import from'
        found = (_value_fault(item, name) for name, item in value.items())
        return next(filter(None, found), None)
    if isinstance(value, list):
        found = (_value_fault(item, key) for item in value)
        return next(filter(None, found), None)
    if not isinstance(value, str):
        return None
    if value.rsplit('.', 1)[-1].lower() in _UNSAFE:
        return f'reads {value[-60:]!r}, a format that can hold programs'
    if key in _SCOPE_KEYS and value not in _SCOPES:
        return f'has the {key} {value[:60]!r}, which mmengine would import'
    if key in _BUILDS and not _is_registered(value):
        return f'has the {key} {value[:60]!r}, which is not a registered name'
    return None


def _is_registered(name: str) -> bool:
    """Whether nothing is imported for it that is not registered already."""
    if not all(map(str.isidentifier, name.split('.'))):
        return False
    if '.' not in name and not _is_module(name):
        return True
    # Only these: other attributes, such as mmengine.load, are found as well.
    for scope, module in _SCOPES.items():
        registries = (x for x in vars(module).values() if type(x) is Registry)
        for registry in registries:
            registry.import_from_location()
            for key, thing in registry.module_dict.items():
                full = f'{thing.__module__}.{thing.__qualname__}'
                if name in (key, f'{scope}.{key}', full):
                    return True
    return False


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # __main__
        return True
