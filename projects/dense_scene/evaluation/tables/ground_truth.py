"""The objects of a data set, as COCO's protocol needs them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np

from ...datasets.annotation_columns import AnnotationColumns
from ...datasets.checks.left_out import describe_ignored
from ...datasets.coco.classes import match_classes, number_classes
from ...datasets.coco.reader import CocoFile, read_coco_json
from ...utils.boxes import MAX_COORDINATE, xywh_to_xyxy, xyxy_to_xywh
from ...utils.files import require_file
from ...utils.groups import RowGroups, group_rows
from ...utils.ids import number_ids


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Annotations in columns, with what COCO's protocol asks besides.

    Args:
        columns (AnnotationColumns): M images with int64 ids, by
            :func:`number_ids`, and N objects; those of an image lie together.
            ``ignored`` marks crowd regions, which are neither found nor
            missed.
        classes (tuple[str, ...]): K names; a label is an index into them.
        category_ids (np.ndarray): (K,) int64, the ids of the classes in COCO
            files, negative where it has none.
        xywh (np.ndarray): (N, 4) float64, the boxes as a COCO file gives
            them. COCO measures these, and x + w - x may differ from w in the
            last bit.
        areas (np.ndarray): (N,) float64, what decides small, medium and large.
        ignore (np.ndarray): (N,) bool, COCO's ``ignore``. Kept for other
            uses: COCO's own evaluation overwrites it with ``iscrowd``.
        notes (tuple[str, ...]): What was repaired on reading, a line each.
    """

    columns: AnnotationColumns
    classes: tuple[str, ...]
    category_ids: np.ndarray
    xywh: np.ndarray
    areas: np.ndarray
    ignore: np.ndarray
    notes: tuple[str, ...] = ()

    @classmethod
    def from_columns(
        cls,
        columns: AnnotationColumns,
        classes: Sequence[str],
        category_ids: np.ndarray | None = None,
        xywh: np.ndarray | None = None,
        areas: np.ndarray | None = None,
        ignore: np.ndarray | None = None,
    ) -> 'GroundTruth':
        """Take the annotations of a :class:`ColumnDataset`.

        The other columns default to 0 to K - 1, the corners, width times
        height, and none. Image ids of any kind are numbered.
        """
        ids = number_ids(columns.image_ids, 'image ids')
        xywh = xyxy_to_xywh(columns.boxes) if xywh is None else xywh
        if category_ids is None:
            category_ids = np.arange(len(classes))
        return cls(
            replace(columns, image_ids=ids),
            tuple(classes),
            category_ids,
            xywh,
            xywh[:, 2] * xywh[:, 3] if areas is None else areas,
            np.zeros(len(xywh), bool) if ignore is None else ignore,
        )

    @classmethod
    def from_coco(
        cls, path: str | PathLike, classes: Sequence[str] | None = None
    ) -> 'GroundTruth':
        """Read a COCO annotation file.

        Args:
            path (str | PathLike): The JSON file.
            classes (Sequence[str], optional): What labels are to be an index
                into, by name. Some may be missing in the file, and objects
                of others are left out with a warning; ValueError if both is
                so, since then names differ. Defaults to None: those of the
                file, :func:`number_classes`.
        """
        name = os.fspath(path)
        require_file(name, 'ground truth')
        file = read_coco_json(name)
        if classes is None:
            classes, label_of_category = number_classes(file, name)
        else:
            label_of_category = match_classes(file, classes, name)
        labels = label_of_category[file.category_of_box]
        rows = np.argsort(file.image_of_box, kind='stable')
        rows = rows[labels[rows] >= 0]
        columns = AnnotationColumns.from_rows(
            list(map(os.fsencode, file.file_names)),
            file.image_ids,
            file.sizes,
            file.image_of_box[rows],
            xywh_to_xyxy(file.boxes[rows]),
            labels[rows],
            file.crowd[rows],
        )
        truth = cls.from_columns(
            columns,
            classes,
            _ids_of_labels(file, label_of_category, len(classes)),
            file.boxes[rows],
            file.areas[rows],
            file.ignore[rows],
        )
        return replace(truth, notes=tuple(file.notes))

    def __len__(self) -> int:
        """Number of objects, crowd regions among them."""
        return len(self.labels)

    @cached_property
    def image_ids(self) -> np.ndarray:
        """(N,) int64, the image of each object."""
        return np.repeat(self.columns.image_ids, self.columns.counts)

    @cached_property
    def boxes(self) -> np.ndarray:
        """(N, 4) float64, xyxy, pixels of the original image."""
        return self.columns.boxes.astype(np.float64)

    @property
    def labels(self) -> np.ndarray:
        """(N,), index into the classes."""
        return self.columns.labels

    @property
    def iscrowd(self) -> np.ndarray:
        """(N,) bool."""
        return self.columns.ignored

    @property
    def categories(self) -> list[dict]:
        """The classes as COCO's libraries take them; the id is the label."""
        return [dict(id=n, name=name) for n, name in enumerate(self.classes)]

    @property
    def file_names(self) -> list[str]:
        """M names, empty where they are not known."""
        return [os.fsdecode(name) for name in self.columns.file_names]

    def subset(
        self, image_ids: np.ndarray, name: str = 'the ground truth'
    ) -> 'GroundTruth':
        """These images, in the order of the ground truth, named in errors."""
        ids = np.asarray(image_ids)
        unknown = ids[~np.isin(ids, self.columns.image_ids)]
        if len(unknown):
            lacks = f'{len(unknown)} of {len(ids)}, id {unknown[0]} among them'
            raise ValueError(
                f'{name} must list every evaluated image, but lacks {lacks}.'
            )
        images = np.isin(self.columns.image_ids, image_ids)
        rows = np.repeat(images, self.columns.counts)
        return replace(
            self,
            columns=self.columns.take(images),
            xywh=self.xywh[rows],
            areas=self.areas[rows],
            ignore=self.ignore[rows],
        )

    def group(self, image_ids: np.ndarray | None = None) -> RowGroups:
        """The rows of each of these images; None: of each one."""
        ids = self.columns.image_ids if image_ids is None else image_ids
        return group_rows(self.image_ids, ids)

    def counts(self, by_class: bool = False) -> np.ndarray:
        """Number of objects, without crowd regions: (M,) or (M, K) int64."""
        images = np.repeat(np.arange(len(self.columns)), self.columns.counts)
        table = np.zeros((len(self.columns), len(self.classes)), np.int64)
        objects = ~self.iscrowd
        np.add.at(table, (images[objects], self.labels[objects]), 1)
        return table if by_class else table.sum(axis=1)

    def nothing_to_find(self) -> str:
        """Why no number can be computed, a line, or ''."""
        if (~self.iscrowd).any():
            return ''
        line = 'there is nothing to compare with: the ground truth has no '
        line += f'object in {len(self.columns)} images'
        if len(self):
            line += f'; {describe_ignored(self.iscrowd)}'
        return f'{line}.'

    def validate(self, name: str = '') -> None:
        """Refuse what cannot be evaluated, with the ``name`` of the file."""
        ids, counts = np.unique(self.columns.image_ids, return_counts=True)
        if twice := ids[counts > 1].tolist():
            fault = f'but {len(twice)} repeat, {twice[0]} among them'
            place = f'{name}: ' * bool(name)
            raise ValueError(f'{place}ids of images must be unique, {fault}.')
        labels, num_classes = self.labels, len(self.classes)
        sides = self.xywh[:, 2:]
        rules = {
            f'have one of {num_classes} classes': (
                (labels >= 0) & (labels < num_classes)
            ),
            'have a box with x1 <= x2 and y1 <= y2 and no NaN': (
                (np.abs(self.xywh) <= MAX_COORDINATE).all(axis=1)
                & (sides >= 0).all(axis=1)
            ),
        }
        refuse_rows(self, 'object of the ground truth', rules, name)


def refuse_rows(
    table: Any, what: str, rules: Mapping[str, Any], name: str = ''
) -> None:
    """ValueError for the first row that breaks a rule, each (N,) bool."""
    for rule, good in rules.items():
        if good.all():
            continue
        row = int(np.argmin(good))
        first = f'image {table.image_ids[row]}, label {table.labels[row]}'
        first += f', box {table.boxes[row].tolist()}'
        if hasattr(table, 'scores'):
            first += f', score {table.scores[row]:g}'
        place = f'{name}: ' * bool(name)
        raise ValueError(
            f'{place}every {what} must {rule}, but {(~good).sum()} of '
            f'{len(good)} do not; the first: {first}.'
        )


def to_integers(values: Sequence | np.ndarray, what: str) -> np.ndarray:
    """A column of ids or labels as (N,) int64; ValueError for others."""
    column = np.asarray(values).reshape(-1)
    if column.size and column.dtype.kind not in 'iub':
        whole = column.astype(np.int64) if column.dtype.kind == 'f' else None
        if whole is None or not np.array_equal(whole, column):
            first = column[:3].tolist()
            raise ValueError(f'{what} must be integers, but got {first}.')
    return column.astype(np.int64)


def _ids_of_labels(
    file: CocoFile, label_of_category: np.ndarray, num_classes: int
) -> np.ndarray:
    """(K,) int64, a negative id for a class that the file does not have."""
    ids = -1 - np.arange(num_classes)
    some = label_of_category >= 0
    ids[label_of_category[some]] = file.category_ids[some]
    return ids
