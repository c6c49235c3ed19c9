"""The list in portable_ops' README of what fails of mmdet's configs.

A row of its table is a reason and the configs that fail for it; ``folder/*``
stands for all of a folder.
"""

import fcntl
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from tests.test_portable_ops.stock_configs import FILES, name_of

README = Path(__file__).parents[2] / 'projects/portable_ops/README.md'
NAMES = [name_of(path) for path in FILES]
_SECTION = re.compile(r'(<!-- sweep[^>]*-->\n).*(?=<!-- /sweep -->)', re.S)
_ROW = re.compile(r'^\| (.+) \| (`.+`) \|$', re.M)

Failures = dict[str, str]  # the reason by a config's name


def listed(text: str | None = None) -> Failures:
    """What the README, or a text like it, says."""
    section = _SECTION.search(text or README.read_text())[0]
    return {
        name: reason
        for reason, patterns in _ROW.findall(section)
        for pattern in re.findall('`([^`]+)`', patterns)
        for name in NAMES
        if fnmatch(name, pattern)
    }


def differences(names: list[str], failures: Failures) -> Failures:
    """What is said of these and is not so, or is so and is not said.

    A package that is said to be missing may well be there.
    """
    said = listed()
    return {
        name: f'found {failures.get(name)}, listed {said.get(name)}'
        for name in names
        if failures.get(name) != said.get(name)
        and not (said.get(name, '').startswith('needs ')
                 and name not in failures)
    }  # fmt: skip


def update(names: list[str], failures: Failures) -> None:
    """Put what was found of some configs in the place of what was said."""
    # Parts of the sweep may run at a time.
    with README.open('r+') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        known = {n: r for n, r in listed(text).items() if n not in names}
        rows = '\n'.join(_rows({**known, **failures}))
        file.seek(0)
        file.write(_SECTION.sub(lambda found: found[1] + rows, text))
        file.truncate()


def _rows(failures: Failures) -> Iterator[str]:
    yield f'{len(failures)} of {len(NAMES)} files.\n'
    yield '| reason | configs |\n|---|---|'
    for reason in sorted(set(failures.values()), key=_packages_first):
        failed = {name for name in failures if failures[name] == reason}
        yield f'| {reason} | {", ".join(_shortened(failed))} |'
    yield ''


def _packages_first(reason: str) -> tuple[bool, str]:
    return not reason.startswith('needs '), reason


def _shortened(failed: set[str]) -> Iterator[str]:
    """Folders of which all failed by a star."""
    for folder in sorted({name.split('/')[0] for name in failed}):
        inside = {name for name in NAMES if name.startswith(f'{folder}/')}
        if inside <= failed and len(inside) > 1:
            yield f'`{folder}/*`'
        else:
            yield from (f'`{name}`' for name in sorted(inside & failed))
