"""A suite: rows of an ablation, and the seeds that all of them run with."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from .read import near_match, read_yaml, require_known

_METRICS = (
    'coco/bbox_mAP_at100',
    'coco/bbox_mAP_at300',
    'coco/AR_at300',
    'coco/count_MAE_at0.5',
)


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One config and what is changed in it.

    Args:
        name (str): As tables show it.
        config (str): Path of the config; in the file relative to it.
        parent (str, optional): Name of the row that it is compared with.
        paper (float, optional): The paper's value of the first metric.
        options (dict): New values by dotted key; ``+key`` for a key that the
            config does not have.
    """

    name: str
    config: str
    parent: str | None = None
    paper: float | None = None
    options: dict[str, Any] = {}

    @property
    def slug(self) -> str:
        """The name of its folder: letters, digits and single dashes."""
        return re.sub('[^a-z0-9]+', '-', self.name.lower()).strip('-')


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a suite's YAML says.

    Args:
        title (str): Heading of table and report.
        rows (list[Row]): In the order of the table.
        seeds (tuple[int]): ``randomness.seed`` of each run. Defaults to (0,).
        metrics (tuple[str]): Results of the test; the first is the paper's.
        options (dict): Options of every row.
        data (dict): Likewise, of loaders and evaluators alone.
        minutes (float, optional): Of training, of each row: its iterations
            follow from a timing on this machine. Defaults to None: as many
            as its config says.
    """

    title: str
    rows: list[Row]
    seeds: tuple[int, ...] = (0,)
    metrics: tuple[str, ...] = _METRICS
    options: dict[str, Any] = {}
    data: dict[str, Any] = {}
    minutes: float | None = None

    def with_seeds(self, seeds: list[int] | None) -> Suite:
        """The same with other seeds, unless None."""
        if seeds is None:
            return self
        return self._replaced(seeds=tuple(seeds))

    def with_minutes(self, minutes: float | None) -> Suite:
        """The same with another length of training, unless None."""
        if minutes is None:
            return self
        return self._replaced(minutes=minutes)

    def with_metrics(self, metrics: list[str] | None) -> Suite:
        """The same with other metrics, unless None."""
        if metrics is None:
            return self
        return self._replaced(metrics=tuple(metrics))

    def _replaced(self, **fields: Any) -> Suite:
        suite = msgspec.structs.replace(self, **fields)
        for message in _faults(suite):
            raise ValueError(message)
        return suite


def read_suite(path: str | Path) -> Suite:
    """Read and check a suite; each fault is one line of a ValueError."""
    path = Path(path)
    content = read_yaml(path, 'a suite')
    if not isinstance(content, dict):
        raise ValueError(f'{path} must be a mapping with title and rows.')
    require_known(str(path), content, Suite.__struct_fields__)
    rows = content.get('rows')
    for number, row in enumerate(rows if isinstance(rows, list) else [], 1):
        if isinstance(row, dict):
            where = f'{path}, row {row.get("name", number)}'
            require_known(where, row, Row.__struct_fields__)
    try:
        suite = msgspec.convert(content, Suite)
    except msgspec.ValidationError as error:
        raise ValueError(f'{path}: {error}.') from error
    for message in _faults(suite):
        raise ValueError(f'{path}: {message}')
    folder = path.parent.absolute()
    rows = [
        msgspec.structs.replace(
            row, config=os.path.normpath(folder / row.config)
        )
        for row in suite.rows
    ]
    return msgspec.structs.replace(suite, rows=rows)


def _faults(suite: Suite) -> Iterator[str]:
    names = [row.name for row in suite.rows]
    for what, values in (
        ('rows', names),
        ('seeds', suite.seeds),
        ('metrics', suite.metrics),
    ):
        if not values:
            yield f'{what} must hold at least one, but is empty.'
        if twice := _repeated(values):
            yield f'{what} must differ, but {twice[0]!r} stands there twice.'
    slugs = [row.slug for row in suite.rows]
    if twice := _repeated(slugs):
        equal = [row.name for row in suite.rows if row.slug == twice[0]]
        yield (
            f'names of rows must differ in letters or digits, but {equal} '
            f'would share the folder {twice[0]!r}.'
        )
    if '' in slugs:
        yield f'names must hold a letter or digit, but {names} do not all.'
    if min(suite.seeds) < 0:
        yield f'seeds must be 0 or more, but got {min(suite.seeds)}.'
    if suite.minutes is not None and not 0 < suite.minutes < math.inf:
        yield f'minutes must be a number above 0, but got {suite.minutes}.'
    for row in suite.rows:
        before = names[: names.index(row.name)]
        if row.parent is not None and row.parent not in before:
            yield (
                f'the parent of {row.name!r} must be a row above it, but is '
                f'{row.parent!r}. {near_match(row.parent, before)}'
            ).rstrip()
    parts = [f'{s}_{k}' for s in ('train', 'val', 'test') for k in _DATA]
    for key in suite.data:
        if key.lstrip('+').split('.')[0] not in parts:
            yield (
                f'keys of data must begin with one of {", ".join(parts)}, '
                f'but got {key!r}. Move it to options.'
            )


_DATA = ('dataloader', 'evaluator')


def _repeated(values: Sequence) -> list:
    return [v for i, v in enumerate(values) if v in values[:i]]
