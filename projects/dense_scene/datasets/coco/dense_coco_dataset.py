"""COCO JSON files with many boxes."""

import os
import os.path as osp

import numpy as np
from mmdet.registry import DATASETS
from mmengine.fileio import get_local_path
from mmengine.logging import print_log

from ...utils.boxes import xyxy_to_xywh
from ..annotation_columns import AnnotationColumns
from ..column_dataset import ColumnDataset
from .reader import CocoAnnotations, read_coco_json


@DATASETS.register_module()
class DenseCocoDataset(ColumnDataset):
    """Any COCO detection file; its classes are read from it.

    Source: the `COCO data format <https://cocodataset.org/#format-data>`_.
    Result dicts equal those of ``mmdet.CocoDataset`` (boxes rounded to
    float32, no ``mask``), which see for what is left out: annotations marked
    ``ignore``, boxes outside of the image or less than a pixel wide or high,
    and those whose ``area`` is not positive. ``iscrowd`` becomes
    ``ignore_flag``. Boxes are not clipped.
    Differs from it: no ``metainfo`` is needed; ``area`` and ``iscrowd`` may be
    absent; references to unknown images, categories or classes are errors;
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

    Raises:
        FileNotFoundError: If ``ann_file`` does not exist.
        ValueError: If the file is not COCO JSON, or refers to what it does
            not hold.

    Example:
        >>> dataset = DenseCocoDataset(
        ...     ann_file='train.json',
        ...     data_root='data/nuclei/',
        ...     data_prefix=dict(img='images/'),
        ... )
    """

    def load_columns(self) -> AnnotationColumns:
        """Read the JSON and choose the classes."""
        if self.is_local(self.ann_file) and not osp.isfile(self.ann_file):
            raise FileNotFoundError(
                f'ann_file must be a COCO JSON file, but {self.ann_file!r} '
                'does not exist. Correct ann_file or data_root '
                f'({self.data_root!r}); the configs of this repository take '
                'data_root from SHELVES_ROOT (render with tools/'
                'dataset_converters/render_shelves.py) or NUCLEI_ROOT.'
            )
        with get_local_path(
            self.ann_file, backend_args=self.backend_args
        ) as path:
            content, annotations = read_coco_json(path)
        images, categories = content['images'], content['categories']
        self._require_keys(
            'images', images, ('id', 'file_name', 'height', 'width')
        )
        self._require_keys('categories', categories, ('id', 'name'))
        image_of_box = self._positions(annotations.image_ids, images, 'image')
        category_of_box = self._positions(
            annotations.category_ids, categories, 'category'
        )
        label_of_category = self._select_classes(
            [category['name'] for category in categories]
        )
        sizes = np.array(
            [(image['height'], image['width']) for image in images], np.int32
        ).reshape(-1, 2)
        labels = label_of_category[category_of_box]
        usable = _is_usable(annotations, sizes[image_of_box])
        keep = usable & (labels >= 0)
        boxes = annotations.boxes.astype(np.float32)
        boxes[:, 2:] = annotations.boxes[:, :2] + annotations.boxes[:, 2:]
        self.lossless = bool(
            usable[labels >= 0].all() and _is_exact(annotations, boxes)
        )
        columns = AnnotationColumns.from_rows(
            [os.fsencode(image['file_name']) for image in images],
            [image['id'] for image in images],
            sizes,
            image_of_box[keep],
            boxes[keep],
            labels[keep],
            annotations.crowd[keep],
        )
        print_log(
            f'{osp.basename(self.ann_file)}: {len(columns)} images with '
            f'{len(columns.boxes)} boxes; left out {(~keep).sum()} that are '
            'outside of their image, thinner than a pixel, marked as ignored '
            'or of other classes.',
            'current',
        )
        return columns

    def _require_keys(
        self, what: str, items: list[dict], keys: tuple[str, ...]
    ) -> None:
        for number, item in enumerate(items, 1):
            missing = [key for key in keys if key not in item]
            if missing:
                raise ValueError(
                    f'{self.ann_file}: every item of {what} must have '
                    f'{", ".join(keys)}, but number {number} lacks '
                    f'{", ".join(missing)}. Add it.'
                )

    def _positions(
        self, ids: np.ndarray, items: list[dict], what: str
    ) -> np.ndarray:
        """Where the item with each id stands in the file."""
        position = {item['id']: index for index, item in enumerate(items)}
        if len(position) < len(items):
            raise ValueError(
                f'{self.ann_file}: every {what} must have an id '
                'of its own, but some share one. Renumber them.'
            )
        unique, inverse = np.unique(ids, return_inverse=True)
        unknown = [item for item in unique.tolist() if item not in position]
        if unknown:
            number = int(np.argmax(ids == unknown[0])) + 1
            raise ValueError(
                f'{self.ann_file}: every annotation must refer to a known '
                f'{what}, but annotation {number} has {what}_id '
                f'{unknown[0]!r} ({len(unknown)} such ids in all). Delete '
                f'these annotations, or add what they refer to.'
            )
        found = [position[item] for item in unique.tolist()]
        return np.array(found, np.int64)[inverse]

    def _select_classes(self, names: list[str]) -> np.ndarray:
        """Set the classes; the label of every category, -1 for none."""
        wanted = self._metainfo.get('classes', names)
        if isinstance(wanted, str):  # ('cell') instead of ('cell', )
            wanted = (wanted,)
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise ValueError(
                f"metainfo['classes'] must be among the categories of "
                f'{self.ann_file}, {names}, but got {unknown}. Correct the '
                'names, or leave classes out to use all of them.'
            )
        chosen = np.array([name in wanted for name in names], bool)
        classes = tuple(name for name in names if name in wanted)
        if tuple(wanted) != classes:
            print_log(
                f'{osp.basename(self.ann_file)}: classes are in the order of '
                f'the file: {", ".join(classes)}.',
                'current',
            )
        self._metainfo['classes'] = classes
        return np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)


def _is_usable(annotations: CocoAnnotations, sizes: np.ndarray) -> np.ndarray:
    """Which boxes ``CocoDataset`` would use; sizes (N, 2), height, width."""
    start, side = annotations.boxes[:, :2], annotations.boxes[:, 2:]
    inside = np.minimum(start + side, sizes[:, ::-1]) - np.maximum(start, 0)
    return (
        (inside > 0).all(axis=1)
        & (side >= 1).all(axis=1)
        & (annotations.areas > 0)
        & ~annotations.ignore
    )


def _is_exact(annotations: CocoAnnotations, boxes: np.ndarray) -> bool:
    """Whether float32 corners say all: boxes to the bit, and areas."""
    xywh = annotations.boxes
    return np.array_equal(xyxy_to_xywh(boxes), xywh) and np.array_equal(
        annotations.areas, xywh[:, 2] * xywh[:, 3]
    )
