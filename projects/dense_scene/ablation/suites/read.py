"""YAML of people: nothing executed, no key twice, no unknown key."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ...utils.files import require_file
from ...utils.texts import read_text


class _Loader(yaml.SafeLoader):
    """SafeLoader takes the last of equal keys; this one refuses them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                line = key_node.start_mark.line + 1
                raise ValueError(f'line {line}: {key!r} stands there twice.')
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: str | Path, what: str) -> Any:
    """The content of a YAML file; ValueError in one line if it is none."""
    require_file(path, what)
    try:
        return yaml.load(read_text(path), _Loader)  # noqa: S506, a safe one
    except (yaml.YAMLError, TypeError, ValueError) as error:
        fault = ' '.join(str(error).split())
        raise ValueError(f'{path} must be YAML, but {fault}') from error


def near_match(name: str, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?", or all names if few, to end an error with."""
    known = list(map(str, known))
    found = difflib.get_close_matches(str(name), known, 1)
    if found:
        return f'Did you mean {found[0]!r}?'
    return f'There are {", ".join(known)}.' if 0 < len(known) < 12 else ''


def require_known(
    where: str, found: Mapping[str, Any], known: Iterable[str]
) -> None:
    """ValueError for the first key that is not known."""
    known = list(known)
    for key in found:
        if key not in known:
            line = f'{where} has the unknown key {key!r}.'
            raise ValueError(f'{line} {near_match(key, known)}'.rstrip())


def require_row(name: str, known: Iterable[str]) -> None:
    """ValueError if there is no row of that name."""
    known = list(known)
    if name not in known:
        hint = near_match(name, known)
        raise ValueError(f'there is no row {name!r}. {hint}'.rstrip())
