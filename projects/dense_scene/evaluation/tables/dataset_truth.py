"""Ground truth out of the columns of a data set that is loaded already."""

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch.utils.data import Dataset

from ...datasets.annotation_columns import AnnotationColumns
from ...datasets.column_dataset import ColumnDataset
from .ground_truth import GroundTruth


def read_dataset(
    dataset: Dataset,
    classes: Sequence[str] | None = None,
    ann_file: str | None = None,
) -> GroundTruth | None:
    """The ground truth of a data set, if its columns have it.

    Args:
        dataset (Dataset): Of a data loader; :class:`ColumnDataset` or a
            wrapper of some, such as mmengine's ``ConcatDataset``.
        classes (Sequence[str], optional): What labels are to be an index
            into; those of the data set are matched by name. Defaults to None:
            the data set's own.
        ann_file (str, optional): The file that the ground truth must be of.
            Defaults to None: that of the data set.

    Returns:
        GroundTruth | None: None for other data sets and where ``ann_file`` is
        another file, or says more than the columns hold.

    Raises:
        ValueError: If ``classes`` lacks one of the data set's.
    """
    parts = _find_column_datasets(dataset)
    if not parts or ann_file is not None and not _is_whole(parts, ann_file):
        return None
    for part in parts:
        part.full_init()
    classes = tuple(classes or parts[0].metainfo['classes'])
    columns = [_relabel(part, classes) for part in parts]
    return GroundTruth.from_columns(_join(columns), classes)


def _find_column_datasets(dataset: Dataset) -> list[ColumnDataset]:
    """Those that a data set consists of; none if any part is another."""
    if isinstance(dataset, ColumnDataset):
        return [dataset]
    inner = getattr(dataset, 'datasets', None)
    if inner is None:
        inner = [dataset.dataset] if hasattr(dataset, 'dataset') else []
    parts = [_find_column_datasets(item) for item in inner]
    return sum(parts, []) if all(parts) else []


def _is_whole(parts: list[ColumnDataset], ann_file: str) -> bool:
    """Whether the columns are all that a file says."""
    if len(parts) > 1 or not getattr(parts[0], 'lossless', False):
        return False
    own = parts[0].ann_file
    if os.path.exists(own) and os.path.exists(ann_file):
        return os.path.samefile(own, ann_file)
    return own == ann_file


def _relabel(
    dataset: ColumnDataset, classes: tuple[str, ...]
) -> AnnotationColumns:
    """The columns with labels that are an index into ``classes``."""
    names = tuple(dataset.metainfo['classes'])
    if names == classes:
        return dataset.columns
    missing = [name for name in names if name not in classes]
    if missing:
        raise ValueError(
            f'classes of the evaluation must have all of {dataset.ann_file}, '
            f'but lack {missing}; they are {list(classes)}.'
        )
    labels = np.array([classes.index(name) for name in names], np.int32)
    return replace(dataset.columns, labels=labels[dataset.columns.labels])


def _join(parts: list[AnnotationColumns]) -> AnnotationColumns:
    if len(parts) == 1:
        return parts[0]
    counts = np.concatenate([part.counts for part in parts])
    names = ('file_names', 'image_ids', 'sizes', 'boxes', 'labels', 'ignored')
    return AnnotationColumns.from_rows(
        image_of_box=np.repeat(np.arange(len(counts)), counts),
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in names
        },
    )
