"""COCO JSON files with many boxes."""

import logging
import os

import numpy as np
from mmdet.registry import DATASETS

from ...utils.boxes import xywh_to_xyxy, xyxy_to_xywh
from ..annotation_columns import AnnotationColumns
from ..checks.left_out import describe_left_out, leave_out
from ..column_dataset import ColumnDataset
from .classes import describe_groups, number_classes
from .reader import CocoFile, read_coco_json


@DATASETS.register_module()
class DenseCocoDataset(ColumnDataset):
    """Any COCO detection file; its classes are read from it.

    Source: the `COCO data format <https://cocodataset.org/#format-data>`_.
    Result dicts equal those of ``mmdet.CocoDataset``, with boxes rounded to
    float32 and no ``mask``. As there, annotations are left out that are marked
    ``ignore``, lie outside of the image, or are less than a pixel wide or
    high; ``iscrowd`` becomes ``ignore_flag``; boxes are not clipped. The log
    says how many for each reason.
    Differs from it: no ``metainfo`` is needed; ``iscrowd`` may be absent, and
    so may ``area``, which is not known either where it is not positive;
    references to unknown images, categories or classes are errors;
    ``filter_empty_gt`` also drops an image whose every box was left out.

    The classes are the categories in the order of the file, without those
    that only group others (:func:`group_categories`). ``metainfo['classes']``,
    where given, chooses categories by name, and labels then follow that list.
    A run puts all its data sets into one list (:class:`StartCheckHook`), so
    that the order of a file never matters. (``mmdet.CocoDataset`` keeps the
    order of the file, whatever ``metainfo`` says.)

    Args:
        args, kwargs: Of :class:`ColumnDataset`.

    Attributes:
        lossless (bool): Whether the columns are all that the file says of the
            classes: nothing left out or rounded, and no area of its own.

    Example:
        >>> dataset = DenseCocoDataset(
        ...     ann_file='train.json',
        ...     data_root='data/nuclei/',
        ...     data_prefix=dict(img='images/'),
        ... )
    """

    def load_columns(self) -> AnnotationColumns:
        """Read the JSON and choose the classes."""
        with self.local_ann_file(
            'Set ann_file or data_root; the configs of this repository take '
            'data_root from SHELVES_ROOT or NUCLEI_ROOT.'
        ) as path:
            file = read_coco_json(path, ('file_name', 'height', 'width'))
        classes, label_of_category = number_classes(
            file, self.ann_file, self._metainfo.get('classes')
        )
        if 'classes' not in self._metainfo:
            for line in describe_groups(file):
                self.log(line)
        self._metainfo['classes'] = classes
        labels = label_of_category[file.category_of_box]
        reasons = dict({'of other classes': labels < 0}, **_faults(file))
        keep, left_out = leave_out(reasons)
        boxes = xywh_to_xyxy(file.boxes).astype(np.float32)
        self.lossless = bool(
            keep[labels >= 0].all() and _is_exact(file, boxes)
        )
        columns = AnnotationColumns.from_rows(
            list(map(os.fsencode, file.file_names)),
            file.image_ids,
            file.sizes,
            file.image_of_box[keep],
            boxes[keep],
            labels[keep],
            file.crowd[keep],
        )
        for note in file.notes:
            self.log(note, logging.WARNING)
        self.changes = (
            f'{len(columns)} images with {len(columns.boxes)} boxes; '
            f'{describe_left_out(left_out)}'
        )
        self.log(self.changes)
        self.warn_of_boxes(_all_boxes(file))
        return columns


def _faults(file: CocoFile) -> dict[str, np.ndarray]:
    """Why ``CocoDataset`` would not use a box, in its order."""
    start, side = file.boxes[:, :2], file.boxes[:, 2:]
    limits = file.sizes[file.image_of_box, ::-1]
    inside = np.minimum(start + side, limits) - np.maximum(start, 0)
    return {
        'marked as ignored (ignore)': file.ignore,
        'inverted': (side < 0).any(axis=1),
        'thinner than a pixel': (side < 1).any(axis=1),
        'outside of their image': (inside <= 0).any(axis=1),
    }


def _all_boxes(file: CocoFile) -> AnnotationColumns:
    """What the file says, to be looked at."""
    return AnnotationColumns.from_rows(
        list(map(os.fsencode, file.file_names)),
        file.image_ids,
        file.sizes,
        file.image_of_box,
        xywh_to_xyxy(file.boxes),
        file.category_of_box,
        file.crowd,
    )


def _is_exact(file: CocoFile, boxes: np.ndarray) -> bool:
    """Whether float32 corners say all: boxes to the bit, and areas."""
    xywh = file.boxes
    return np.array_equal(xyxy_to_xywh(boxes), xywh) and np.array_equal(
        file.areas, xywh[:, 2] * xywh[:, 3]
    )
