"""The annotations of a whole data set as a few arrays."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from ...datasets.annotation_columns import AnnotationColumns
from ...datasets.coco.reader import CocoFile, parse_coco_json, read_coco_json
from ...utils.boxes import xywh_to_xyxy, xyxy_to_xywh
from ...utils.files import require_file
from ...utils.groups import RowGroups, find_positions, group_rows
from .image_table import ImageTable, to_integers


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Images, classes and objects in columns.

    Args:
        images (ImageTable): Every image, also those without an object.
        classes (tuple[str, ...]): K names; a label is an index into them.
        image_ids (np.ndarray): (N,) int64, the image of each object.
        boxes (np.ndarray): (N, 4) float64, xyxy, pixels of the original image.
        labels (np.ndarray): (N,) int64.
        areas (np.ndarray, optional): (N,) float64, what decides small, medium
            and large. Defaults to None: width times height.
        iscrowd (np.ndarray, optional): (N,) bool, regions that are neither
            found nor missed. Defaults to None: none.
        ignore (np.ndarray, optional): (N,) bool, COCO's ``ignore``. Kept for
            other uses: COCO's own evaluation overwrites it with ``iscrowd``.
            Defaults to None: none.
        category_ids (np.ndarray, optional): (K,) int64, the ids of the classes
            in COCO files. Defaults to None: 0 to K - 1.
        xywh (np.ndarray, optional): As in :class:`Detections`.
    """

    images: ImageTable
    classes: tuple[str, ...]
    image_ids: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    areas: np.ndarray | None = None
    iscrowd: np.ndarray | None = None
    ignore: np.ndarray | None = None
    category_ids: np.ndarray | None = None
    xywh: np.ndarray | None = None

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes, np.float64).reshape(-1, 4)
        xywh = xyxy_to_xywh(boxes) if self.xywh is None else self.xywh
        areas, absent = self.areas, np.zeros(len(boxes), bool)
        if areas is None:
            areas = xywh[:, 2] * xywh[:, 3]
        ids = self.category_ids
        ids = range(len(self.classes)) if ids is None else ids
        columns = dict(
            classes=tuple(self.classes),
            image_ids=to_integers(self.image_ids, 'image ids'),
            boxes=boxes,
            labels=to_integers(self.labels, 'labels'),
            areas=np.asarray(areas, np.float64).reshape(-1),
            iscrowd=_to_bool(self.iscrowd, absent),
            ignore=_to_bool(self.ignore, absent),
            category_ids=to_integers(ids, 'category ids'),
            xywh=np.asarray(xywh, np.float64).reshape(-1, 4),
        )
        for name, column in columns.items():
            object.__setattr__(self, name, column)

    @classmethod
    def from_coco(
        cls,
        source: str | PathLike | dict,
        classes: Sequence[str] | None = None,
    ) -> 'GroundTruth':
        """Read COCO annotations.

        Args:
            source (str | PathLike | dict): The JSON file, or its content.
            classes (Sequence[str], optional): Use these categories only. As
                in mmdet, labels follow the order of the file, not of this
                list. Defaults to None: all.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is not COCO JSON, or lacks one of ``classes``.
        """
        if isinstance(source, dict):
            name, file = (
                'ground truth',
                parse_coco_json(json.dumps(source).encode(), 'ground truth'),
            )
        else:
            name = os.fspath(source)
            require_file(name, 'ground truth')
            file = read_coco_json(name)
        categories = _choose(file, classes, name)
        label_of_category = np.full(len(file.classes), -1)
        label_of_category[categories] = np.arange(len(categories))
        labels = label_of_category[file.category_of_box]
        keep = labels >= 0
        heights, widths = file.sizes.T
        return cls(
            ImageTable(file.image_ids, widths, heights, file.file_names),
            [file.classes[index] for index in categories],
            file.image_ids[file.image_of_box[keep]],
            xywh_to_xyxy(file.boxes[keep]),
            labels[keep],
            file.areas[keep],
            file.crowd[keep],
            file.ignore[keep],
            file.category_ids[categories],
            file.boxes[keep],
        )

    @classmethod
    def from_columns(
        cls, columns: AnnotationColumns, classes: Sequence[str]
    ) -> 'GroundTruth':
        """Take the annotations of a :class:`ColumnDataset`.

        Args:
            columns (AnnotationColumns): ``dataset.columns``.
            classes (Sequence[str]): ``dataset.metainfo['classes']``.
        """
        heights, widths = columns.sizes.T
        return cls(
            ImageTable(
                columns.image_ids,
                widths,
                heights,
                [os.fsdecode(name) for name in columns.file_names],
            ),
            classes,
            np.repeat(columns.image_ids, columns.counts),
            columns.boxes,
            columns.labels,
            iscrowd=columns.ignored,
        )

    def __len__(self) -> int:
        """Number of objects, crowd regions among them."""
        return len(self.labels)

    def subset(self, image_ids: np.ndarray) -> 'GroundTruth':
        """These images, in the order of this ground truth."""
        rows = np.isin(self.image_ids, image_ids)
        return GroundTruth(
            self.images.take(np.isin(self.images.ids, image_ids)),
            self.classes,
            self.image_ids[rows],
            self.boxes[rows],
            self.labels[rows],
            self.areas[rows],
            self.iscrowd[rows],
            self.ignore[rows],
            self.category_ids,
            self.xywh[rows],
        )

    def group(self, image_ids: np.ndarray | None = None) -> RowGroups:
        """The rows of each of these images; None: of each of ``images``."""
        ids = self.images.ids if image_ids is None else image_ids
        return group_rows(self.image_ids, ids)

    def counts(self, by_class: bool = False) -> np.ndarray:
        """Number of objects, without crowd regions.

        Args:
            by_class (bool): Of each class apart. Defaults to False.

        Returns:
            np.ndarray: (M,) int64, in the order of ``images``; (M, K) if
            ``by_class``.
        """
        shape = len(self.images), len(self.classes)
        table = np.zeros(shape, np.int64)
        objects = ~self.iscrowd
        positions = find_positions(self.image_ids[objects], self.images.ids)
        np.add.at(table, (positions, self.labels[objects]), 1)
        return table if by_class else table.sum(axis=1)

    def validate(self) -> None:
        """Refuse what cannot be evaluated.

        Raises:
            ValueError: If an image stands twice, or an object has an unknown
                image, an unknown label, or a box that is NaN or inverted.
        """
        ids, counts = np.unique(self.images.ids, return_counts=True)
        if (counts > 1).any():
            raise ValueError(
                'every image of the ground truth must have an id of its own, '
                f'but {(counts > 1).sum()} ids stand more than once, '
                f'{ids[counts > 1][0]} among them. Renumber the images.'
            )
        self._refuse(
            find_positions(self.image_ids, self.images.ids) < 0,
            'belong to a listed image',
        )
        self._refuse(
            (self.labels < 0) | (self.labels >= len(self.classes)),
            f'have one of {len(self.classes)} classes',
        )
        self._refuse(
            ~(self.xywh[:, 2:] >= 0).all(axis=1)
            | ~np.isfinite(self.xywh).all(axis=1),
            'have a box with x1 <= x2 and y1 <= y2 and no NaN',
        )

    def _refuse(self, bad: np.ndarray, rule: str) -> None:
        if not bad.any():
            return
        row = int(np.argmax(bad))
        raise ValueError(
            f'every object of the ground truth must {rule}, but {bad.sum()} '
            f'of {len(self)} do not; the first: image {self.image_ids[row]}, '
            f'label {self.labels[row]}, box {self.boxes[row].tolist()}. '
            'Correct the annotations.'
        )


def _to_bool(column: np.ndarray | None, absent: np.ndarray) -> np.ndarray:
    return absent if column is None else np.asarray(column).astype(bool)


def _choose(
    file: CocoFile, classes: Sequence[str] | None, name: str
) -> list[int]:
    """The categories with these names, in the order of the file."""
    names = file.classes
    if classes is None:
        return list(range(len(names)))
    missing = [item for item in classes if item not in names]
    if missing:
        raise ValueError(
            f'{name} must have every class that the detector predicts, but '
            f'lacks {missing}; it has {names}. Give the annotations of the '
            "data set, or correct metainfo['classes']."
        )
    return [index for index, item in enumerate(names) if item in classes]
