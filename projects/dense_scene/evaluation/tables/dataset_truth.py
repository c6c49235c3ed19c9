"""Ground truth of a data set that is loaded already, or of its file."""

import os
from collections.abc import Sequence

import numpy as np
from mmengine.fileio import get_local_path
from torch.utils.data import Dataset

from ...datasets.annotation_columns import AnnotationColumns
from ...datasets.column_dataset import ColumnDataset
from ...datasets.parts import data_parts
from .contradictions import warn_of_contradictions
from .ground_truth import GroundTruth


def read_dataset(
    dataset: Dataset | None,
    classes: Sequence[str] | None = None,
    ann_file: str | None = None,
) -> GroundTruth | None:
    """The ground truth of a data set, if its columns have it.

    None for other data sets, and if ``ann_file`` is another file or says more
    than the columns hold.

    Args:
        dataset (Dataset, optional): A :class:`ColumnDataset` or a wrapper of
            some, such as mmengine's ``ConcatDataset``.
        classes (Sequence[str], optional): What labels are to be an index
            into, by name. Defaults to None: the data set's own.
        ann_file (str, optional): The file that it must be of, if any.
    """
    parts = data_parts(dataset)
    if not all(isinstance(part, ColumnDataset) for part in parts):
        return None
    if ann_file is not None and not _is_whole(parts, ann_file):
        return None
    for part in parts:
        part.full_init()
    classes = tuple(classes or parts[0].metainfo['classes'])
    columns = [
        part.columns.relabel(part.metainfo['classes'], classes, part.ann_file)
        for part in parts
    ]
    return GroundTruth.from_columns(join_columns(columns), classes)


def read_truth(
    dataset: Dataset | None,
    classes: Sequence[str] | None,
    ann_file: str | None,
    backend_args: dict | None,
) -> GroundTruth | None:
    """By :func:`read_dataset`, else of the file; None if there is neither."""
    truth = read_dataset(dataset, classes, ann_file)
    if truth is None and ann_file is not None:
        with get_local_path(ann_file, backend_args=backend_args) as path:
            truth = GroundTruth.from_coco(path, classes)
        truth.validate(ann_file)
        warn_of_contradictions(truth, ann_file)
    return truth


def join_columns(parts: Sequence[AnnotationColumns]) -> AnnotationColumns:
    """The images of all parts, one part after the other."""
    counts = np.concatenate([part.counts for part in parts])
    return AnnotationColumns.from_rows(
        np.concatenate([part.file_names for part in parts]),
        np.concatenate([part.image_ids for part in parts]),
        np.concatenate([part.sizes for part in parts]),
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.ignored for part in parts]),
    )


def join_truth(
    parts: Sequence[AnnotationColumns], classes: Sequence[str] | None
) -> GroundTruth:
    """The ground truth of :func:`join_columns`, where there are classes."""
    if classes is None:
        fault = 'the data set has no metainfo'
        raise ValueError(f'classes must be known, but {fault}.')
    return GroundTruth.from_columns(join_columns(parts), classes)


def _is_whole(parts: list[ColumnDataset], ann_file: str) -> bool:
    """Whether the columns are all that a file says."""
    if len(parts) > 1 or not getattr(parts[0], 'lossless', False):
        return False
    own = parts[0].ann_file
    if os.path.exists(own) and os.path.exists(ann_file):
        return os.path.samefile(own, ann_file)
    return own == ann_file
