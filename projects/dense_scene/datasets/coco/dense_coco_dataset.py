"""COCO JSON files with many boxes."""

import os

import numpy as np
from mmdet.registry import DATASETS

from ...utils.boxes import xywh_to_xyxy, xyxy_to_xywh
from ..annotation_columns import AnnotationColumns
from ..column_dataset import ColumnDataset
from .classes import describe_groups, number_classes
from .reader import CocoFile, read_coco_json


@DATASETS.register_module()
class DenseCocoDataset(ColumnDataset):
    """Any COCO detection file; its classes are read from it.

    Source: the `COCO data format <https://cocodataset.org/#format-data>`_.
    Result dicts equal those of ``mmdet.CocoDataset``, with boxes rounded to
    float32 and no ``mask``. As there, annotations are left out that are marked
    ``ignore``, lie outside of the image, are less than a pixel wide or high,
    or have an ``area`` that is not positive; ``iscrowd`` becomes
    ``ignore_flag``; boxes are not clipped.
    Differs from it: no ``metainfo`` is needed; ``area`` and ``iscrowd`` may be
    absent; references to unknown images, categories or classes are errors;
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
        usable = _is_usable(file)
        keep = usable & (labels >= 0)
        boxes = xywh_to_xyxy(file.boxes).astype(np.float32)
        self.lossless = bool(
            usable[labels >= 0].all() and _is_exact(file, boxes)
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
        self.log(
            f'{len(columns)} images with {len(columns.boxes)} boxes; left out '
            f'{(~keep).sum()} that are outside of their image, thinner than a '
            'pixel, marked as ignored or of other classes'
        )
        return columns


def _is_usable(file: CocoFile) -> np.ndarray:
    """Which boxes ``CocoDataset`` would use."""
    start, side = file.boxes[:, :2], file.boxes[:, 2:]
    limits = file.sizes[file.image_of_box, ::-1]
    inside = np.minimum(start + side, limits) - np.maximum(start, 0)
    return (
        (inside > 0).all(axis=1)
        & (side >= 1).all(axis=1)
        & (file.areas > 0)
        & ~file.ignore
    )


def _is_exact(file: CocoFile, boxes: np.ndarray) -> bool:
    """Whether float32 corners say all: boxes to the bit, and areas."""
    xywh = file.boxes
    return np.array_equal(xyxy_to_xywh(boxes), xywh) and np.array_equal(
        file.areas, xywh[:, 2] * xywh[:, 3]
    )
