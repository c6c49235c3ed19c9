"""The config that a row really is, and what sets it off from its parent."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pprint import pformat
from typing import Any

from mmengine.config import Config

from ...evaluation.result_names import names_in_config
from ...utils.files import require_file, write_text
from .overrides import READ_KEYS, override
from .read import near_match
from .suite import Row, Suite


@dataclass(frozen=True, eq=False)
class ResolvedRow:
    """A row with its config.

    Args:
        row (Row): Of the suite.
        cfg (Config): With all options; without seed, folder and outputs.
        text (str): Of a file that gives this config again.
        overrides (list[str]): ``key: old -> new`` of each option.
        diff (list[str]): Lines of :func:`diff_configs` against the parent or,
            without one, the config file as it is.
        sha256 (str): Of what the runner reads; the same on every machine,
            wherever the data lie.
    """

    row: Row
    cfg: Config
    text: str
    overrides: list[str]
    diff: list[str]
    sha256: str


def resolve_suite(
    suite: Suite, lengths: Mapping[str, Mapping[str, Any]] | None = None
) -> list[ResolvedRow]:
    """Read the configs of all rows and set their options.

    Args:
        suite (Suite): Of :func:`read_suite`.
        lengths (Mapping, optional): Further options by row, which make its
            training as long as it should be. Defaults to None: none.
    """
    done: dict[str, ResolvedRow] = {}
    for row in suite.rows:
        require_file(row.config, f'the config of {row.name!r}')
        try:
            cfg = Config.fromfile(row.config)
        except (AttributeError, KeyError, NameError, SyntaxError) as error:
            fault = f'must be a config, but {type(error).__name__}: {error}'
            raise ValueError(f'{row.config} {fault}.') from error
        plain = flatten_config(cfg)
        lines = []
        for options in (suite.options, suite.data):
            lines += override(cfg, options, row.name)
        lines += override(cfg, row.options, row.name, must_change=True)
        lines += override(cfg, (lengths or {}).get(row.name, {}), row.name)
        _require_results(suite.metrics, cfg, row.name)
        text = config_text(cfg, row.name)
        flat = flatten_config(cfg)
        parent = done.get(row.parent or '')
        before = flatten_config(parent.cfg) if parent else plain
        diff = diff_configs(before, flat)
        done[row.name] = ResolvedRow(row, cfg, text, lines, diff, _hash(cfg))
    return list(done.values())


def _require_results(metrics: Sequence[str], cfg: Config, name: str) -> None:
    """ValueError if the test will not give one of the suite's metrics."""
    known = names_in_config(cfg.get('test_evaluator'))
    if lost := [key for key in metrics if known and key not in known]:
        raise ValueError(
            f'{name}: metrics must be results of its test_evaluator, which '
            f'gives no {lost[0]!r}. {near_match(lost[0], known)}'.rstrip()
        )


def flatten_config(cfg: Config) -> dict[str, Any]:
    """Leaves by dotted key, of what the runner reads."""
    plain = cfg.to_dict()
    return dict(_leaves({k: v for k, v in plain.items() if k in READ_KEYS}))


def diff_configs(before: dict, after: dict) -> list[str]:
    """What changed: ``key: old -> new``, ``+ key: new``, ``- key: old``."""
    lines = []
    for key in sorted({*before, *after}):
        if key not in before:
            lines.append(f'+ {key}: {after[key]!r}')
        elif key not in after:
            lines.append(f'- {key}: {before[key]!r}')
        elif before[key] != after[key]:
            lines.append(f'{key}: {before[key]!r} -> {after[key]!r}')
    return lines


def data_roots(cfg: Config) -> list[str]:
    """Folders of the data, as the config spells them, the longest first."""
    found = {
        node['data_root']
        for node in walk(cfg.to_dict())
        if isinstance(node.get('data_root'), str) and node['data_root']
    }
    return sorted(found, key=len, reverse=True)


def walk(node: Any) -> Iterator[dict]:
    """Every mapping in nested mappings and lists."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for part in node:
            yield from walk(part)


def _leaves(node: Any, prefix: str = '') -> Iterator[tuple[str, Any]]:
    parts: Any = ()
    if isinstance(node, dict):
        parts = node.items()
    elif isinstance(node, (list, tuple)) and any(
        isinstance(part, (dict, list, tuple)) for part in node
    ):
        parts = enumerate(node)
    if not parts:
        yield prefix[:-1], node
    for key, part in parts:
        yield from _leaves(part, f'{prefix}{key}.')


def _hash(cfg: Config) -> str:
    text = json.dumps(flatten_config(cfg), sort_keys=True, default=repr)
    for root in data_roots(cfg):
        text = text.replace(json.dumps(root)[1:-1], 'DATA')
    # data_root + '/a' and data_root + 'a' are the same file.
    text = re.sub('DATA/*', 'DATA/', text)
    return hashlib.sha256(text.encode()).hexdigest()


def config_text(cfg: Config, name: str) -> str:
    """The config as Python, proved to give the same when it is read.

    Config.pretty_text takes a second or two.
    """
    text = '\n'.join(
        f'{key} = {pformat(value, sort_dicts=False)}'
        for key, value in cfg.to_dict().items()
    )
    if Config.fromstring(text, '.py').to_dict() != cfg.to_dict():
        raise ValueError(f'{name}: its config cannot be written to a file.')
    return f'{text}\n'


def write_row(resolved: ResolvedRow, folder: Path) -> None:
    """``config.py`` and ``diff.txt`` of a row."""
    write_text(folder / 'config.py', [resolved.text])
    lines = '\n'.join(resolved.diff)
    write_text(folder / 'diff.txt', [f'{lines}\n' if lines else ''])
