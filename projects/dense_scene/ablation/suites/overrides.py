"""New values in a config, each proved to be there and to be read."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from .read import near_match

# What the runner takes; `deltas` or `max_epochs` beside them change nothing
# once the config has been read.
READ_KEYS = frozenset(inspect.signature(Runner.__init__).parameters) - {
    'self',
    'cfg',
}


def override(
    cfg: Config,
    options: Mapping[str, Any],
    where: str,
    must_change: bool = False,
) -> list[str]:
    """Set options in a config, and look whether each one arrived.

    A key is dotted, with numbers for places in lists or ``*`` for all of them,
    and must exist, as its name may be misspelled; ``+key`` says that it is
    new, itself or each key of its mapping. A value must be of the kind of the
    one that it replaces. A mapping with ``_delete_`` replaces what stood
    there, any other is merged key by key.

    Args:
        cfg (Config): Changed in place.
        options (Mapping): Values by key.
        where (str): Of messages.
        must_change (bool): Refuse a value that was there before, as that of
            a row which then differs in nothing. Defaults to False.

    Returns:
        list[str]: ``key: old -> new`` for each.
    """
    lines = []
    pairs = [
        (each, value)
        for key, value in _flatten(options, cfg)
        for each in _each_place(cfg, key)
    ]
    for key, value in pairs:
        is_new, key = key.startswith('+'), key.lstrip('+')
        parts = key.split('.')
        if parts[0] not in READ_KEYS:
            hint = near_match(parts[0], sorted(READ_KEYS))
            raise ValueError(
                f'{where}: {key} would change nothing, since the runner does '
                f'not read {parts[0]!r}. {hint}'.rstrip()
            )
        old = _find(cfg, parts, where, is_new)
        if not is_new:
            value = _like(old, value, f'{where}: {key}')
        if must_change and not is_new and old == value:
            raise ValueError(
                f'{where}: {key} would change nothing, since it is {old!r} '
                'already. Leave it out.'
            )
        cfg.merge_from_dict({key: value})
        now = _find(cfg, parts, where, False)
        wanted = value
        if isinstance(value, Mapping):
            wanted = {k: v for k, v in value.items() if k != '_delete_'}
        if now != wanted:
            raise ValueError(f'{where}: {key} must be {wanted}, but is {now}.')
        lines.append(f'{key}: {"(new)" if is_new else old} -> {now}')
    return lines


def _flatten(
    options: Mapping, cfg: Config, prefix: str = ''
) -> Iterator[tuple[str, Any]]:
    for key, value in options.items():
        key = f'{prefix}{key}'
        merged = isinstance(value, Mapping) and '_delete_' not in value
        if merged and value and not _is_missing(cfg, key):
            yield from _flatten(value, cfg, f'{key}.')
        else:
            yield key, value


def _is_missing(cfg: Config, key: str) -> bool:
    """Whether a key is said to be new, and is."""
    try:
        _find(cfg, key.lstrip('+').split('.'), '', True)
    except ValueError:
        return False
    return key.startswith('+')


def _each_place(cfg: Config, key: str) -> list[str]:
    """A key, for each place of a list where it says ``*``."""
    above, star, below = key.partition('.*')
    if not star:
        return [key]
    node: Any = cfg
    for part in above.lstrip('+').split('.'):
        try:
            node = node[int(part) if isinstance(node, list) else part]
        except (IndexError, KeyError, TypeError, ValueError):
            return [key]
    places = range(len(node)) if isinstance(node, list) else []
    found = [f'{above}.{place}{below}' for place in places]
    return [k for each in found for k in _each_place(cfg, each)] or [key]


def _find(cfg: Config, parts: list[str], where: str, is_new: bool) -> Any:
    """The value at a key; ValueError if it is not there, or is if new."""
    node: Any = cfg
    for depth, part in enumerate(parts):
        if isinstance(node, (list, tuple)):
            known = [str(place) for place in range(len(node))]
        else:
            known = list(node) if isinstance(node, (Config, Mapping)) else []
        above = '.'.join(parts[:depth]) or 'the config'
        if part not in known:
            if is_new and depth == len(parts) - 1 and isinstance(node, dict):
                return None
            raise ValueError(
                f'{where}: {".".join(parts)} does not exist, as {above} has '
                f'no {part!r}. {near_match(part, known)}'.rstrip()
            )
        node = node[int(part) if isinstance(node, (list, tuple)) else part]
    if is_new:
        key = '.'.join(parts)
        raise ValueError(f'{where}: {key} exists. Write it without the +.')
    return node


def _like(old: Any, value: Any, name: str) -> Any:
    """The value, if it is of the kind of the old one."""
    if isinstance(old, tuple) and isinstance(value, list):
        value = tuple(value)
    kinds = [_kind(old), _kind(value)]
    if kinds[0] != kinds[1] and 'nothing' not in kinds:
        advice = ''
        if kinds == ['a number', 'a text']:
            advice = ' YAML wants a point in 1.0e-3.'
        raise ValueError(
            f'{name} must be {kinds[0]} like {old!r}, but got {value!r}.'
            f'{advice}'
        )
    return value


def _kind(value: Any) -> str:
    for kind, name in (
        (bool, 'true or false'),
        ((int, float), 'a number'),
        (str, 'a text'),
        ((list, tuple), 'a list'),
        (Mapping, 'a mapping'),
        (type(None), 'nothing'),
    ):
        if isinstance(value, kind):
            return name
    return type(value).__name__
