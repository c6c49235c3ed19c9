"""Classes of data sets, checkpoint and heads: one list, by name."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np
from torch import nn
from torch.utils.data import Dataset

from ...datasets.column_dataset import ColumnDataset
from ...datasets.parts import data_parts, inner_datasets
from .findings import Findings, list_few
from .stock_coco import check_order

Classes = tuple[str, ...]
# Two-stage detectors have theirs in roi_head, cascades a list of them. The
# classes of an RPN, of a semantic branch or of a backbone are others.
_HEAD = re.compile(r'(?:.*\.)?(?:bbox_head|query_head)(?:\.\d+)?')


def checkpoint_classes(checkpoint: Mapping) -> Classes | None:
    """The names that a checkpoint of mmdet 3 or 2 gives its labels."""
    meta = checkpoint.get('meta') or {}
    data = meta.get('dataset_meta') or meta
    data = data if isinstance(data, Mapping) else {}
    classes = data.get('classes', data.get('CLASSES'))
    return (classes,) if isinstance(classes, str) else _tuple(classes)


def data_classes(dataset: Dataset) -> Classes | None:
    """All names of a data set and of those that it joins, in turn.

    None if a part has none, or asks for its classes in words
    (``return_classes``), so that no label of a head stands for them.
    """
    found = [_own_classes(part) for part in data_parts(dataset)]
    if not found or None in found:
        return None
    return tuple(dict.fromkeys(chain(*filter(None, found))))


def head_sizes(model: nn.Module) -> dict[str, int]:
    """``num_classes`` of every box head, by the head's name."""
    return {
        name: module.num_classes
        for name, module in model.named_modules()
        if _HEAD.fullmatch(name)
        and isinstance(getattr(module, 'num_classes', None), int)
    }


def check_heads(sizes: Mapping[str, int], classes: Classes) -> Findings:
    """Whether every class has its output, and every output its class."""
    findings, num = Findings(), len(classes)
    few = [name for name, size in sizes.items() if size < num]
    many = [name for name, size in sizes.items() if size > num]
    listed = f'{num} ({list_few(classes)})'
    if few:
        findings.errors.append(
            f'num_classes must be at least the number of classes, {listed}, '
            f'but is {sizes[few[0]]} in {", ".join(few)}. Set it to {num}.'
        )
    if many:
        findings.warnings.append(
            f'num_classes is {sizes[many[0]]} in {", ".join(many)}, but there '
            f'are {listed}: outputs without a class. Set it to {num}.'
        )
    return findings


def check_checkpoint(
    classes: Classes,
    checkpoint: Classes | None,
    sizes: Mapping[str, int],
    goes_on: bool,
) -> tuple[Classes, Findings]:
    """The list of a run: that of the checkpoint where its heads go on.

    Args:
        classes (Classes): Of the data that is trained or tested on.
        checkpoint (Classes, optional): Of the weights that were loaded.
        sizes (Mapping[str, int]): Of :func:`head_sizes`.
        goes_on (bool): The run takes the heads as they are (a test, a
            resumed training). Else other classes are a new task for them.

    Returns:
        tuple[Classes, Findings]: The list, and what does not fit.
    """
    findings = Findings()
    if checkpoint is None or checkpoint == classes:
        return classes, findings
    fits = all(size == len(checkpoint) for size in sizes.values())
    known = set(classes) <= set(checkpoint)
    names = f'the checkpoint has {list_few(checkpoint)}'
    if goes_on and not fits:
        size = next(size for size in sizes.values() if size != len(checkpoint))
        findings.errors.append(
            'num_classes must be that of the checkpoint, '
            f'{len(checkpoint)}, but is {size}: {names}.'
        )
    if fits and (known or goes_on):
        return checkpoint, findings
    if fits and len(classes) == len(checkpoint):
        findings.warnings.append(
            f'the heads go on with other classes: {names}, the data '
            f'{list_few(classes)}.'
        )
    return classes, findings


def describe_unnamed(classes: Classes) -> Findings:
    """That weights without names are taken in the order of the data."""
    line = (
        'the checkpoint does not name its classes (meta.dataset_meta): its '
        f'outputs are taken for those of the data, {list_few(classes)} in '
        'this order. Set metainfo=dict(classes=...) if it had another.'
    )
    return Findings(warnings=[line] if len(classes) > 1 else [])


def put_into_list(dataset: Dataset, classes: Classes, what: str) -> Findings:
    """Let all labels of a data set be an index into ``classes``, by name.

    :class:`ColumnDataset` is changed in place, before its workers start. The
    labels of other data sets cannot be changed: they must fit. One class each
    leaves no choice and is taken for the same, with a warning.

    Args:
        dataset (Dataset): Of any kind, joined or wrapped.
        classes (Classes): The list of the run.
        what (str): Such as 'val', for messages.
    """
    findings, changed = Findings(), False
    for part in data_parts(dataset):
        own = _own_classes(part)
        findings += check_order(part)
        if own is None or own == classes:
            continue
        where = f'{what} ({getattr(part, "ann_file", type(part).__name__)})'
        maps = isinstance(part, ColumnDataset)
        unknown = [name for name in own if name not in classes]
        if len(own) == len(classes) == 1:
            findings.warnings.append(
                f'{where} calls its only class {own[0]!r}, the model '
                f'{classes[0]!r}: taken for the same.'
            )
            if maps:
                part.rename_classes(classes)
                changed = True
        elif maps and not set(unknown) & set(_used(part)):
            part.use_classes(classes)
            changed = True
        else:
            remedy = 'Rename them in the file'
            if not unknown:
                remedy = 'Use DenseCocoDataset, which maps names'
            only = [name for name in classes if name not in own]
            findings.errors.append(
                f'{where} must have the classes of the model by name, but '
                f'{list_few(unknown) or "none"} are only there and '
                f'{list_few(only) or "none"} only in the model, which has '
                f'{list_few(classes)} in this order. {remedy}.'
            )
    if changed:
        _tell_wrappers(dataset)
    return findings


def check_objects(dataset: Dataset) -> Findings:
    """Which classes have no object to learn from."""
    parts = data_parts(dataset)
    if not all(isinstance(part, ColumnDataset) for part in parts):
        return Findings()
    used = {name for part in parts for name in _used(part)}
    empty = [c for c in data_classes(dataset) or () if c not in used]
    line = f'without an object in the training data: {list_few(empty)}.'
    return Findings(warnings=[line] if empty else [])


def _used(part: ColumnDataset) -> list[str]:
    """Classes with a box."""
    names = part.metainfo['classes']
    return [names[label] for label in np.unique(part.columns.labels)]


def _wrappers(dataset: Any) -> Iterator[Any]:
    """The wrappers around the parts, innermost first."""
    inner = inner_datasets(dataset)
    for item in inner:
        yield from _wrappers(item)
    if inner:
        yield dataset


def _tell_wrappers(dataset: Dataset) -> None:
    """Wrappers keep a copy of the metainfo, from when they were built."""
    for wrapper in _wrappers(dataset):
        if not hasattr(wrapper, '_metainfo'):
            continue
        old = wrapper._metainfo
        metas = [part.metainfo for part in data_parts(wrapper)]
        # mmdet's ConcatDataset adds where its parts begin, and keeps a list
        # of them while they differ.
        for meta in metas:
            added = old[0] if isinstance(old, list) else old
            meta.update({k: v for k, v in added.items() if k not in meta})
        same = all(meta == metas[0] for meta in metas)
        wrapper._metainfo = metas[0] if same else metas


def _own_classes(part: Any) -> Classes | None:
    if getattr(part, 'return_classes', False):
        return None
    meta = getattr(part, 'metainfo', None)
    classes = meta.get('classes') if isinstance(meta, Mapping) else None
    return _tuple(classes)


def _tuple(classes: Any) -> Classes | None:
    return None if classes is None else tuple(map(str, classes))
