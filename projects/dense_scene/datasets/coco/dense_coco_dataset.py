"""COCO JSON files with many boxes."""

import logging
import os

import numpy as np
from mmdet.registry import DATASETS

from ...utils.boxes import xywh_to_xyxy, xyxy_to_xywh
from ..annotation_columns import AnnotationColumns
from ..checks.left_out import describe_left_out, leave_out
from ..column_dataset import ColumnDataset
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

    Labels follow the order of the categories in the file, as in
    ``CocoDataset`` and ``CocoMetric``. ``metainfo['classes']``, where given,
    selects categories by name; the data set's own ``metainfo`` then holds
    them in the file's order, so that names and labels always agree.

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
        label_of_category = self._select_classes(file.classes)
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

    def _select_classes(self, names: list[str]) -> np.ndarray:
        """Set the classes; the label of every category, -1 for none."""
        wanted = self._metainfo.get('classes', names)
        if isinstance(wanted, str):  # ('cell') instead of ('cell', )
            wanted = (wanted,)
        known = set(names)
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise ValueError(
                f"metainfo['classes'] must be categories of {self.ann_file}, "
                f'{names}, but got {unknown}. Without it all are used.'
            )
        some = set(wanted)
        chosen = np.array([name in some for name in names], bool)
        classes = tuple(name for name in names if name in some)
        if tuple(wanted) != classes:
            order = ', '.join(classes)
            self.log(f'classes are in the order of the file: {order}')
        self._metainfo['classes'] = classes
        return np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)


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
