"""SKU-110K, read from the files its authors publish."""

import os
from collections.abc import Iterable

import numpy as np
from mmdet.registry import DATASETS

from ..annotation_columns import AnnotationColumns
from ..checks.pictures import compare_with_pictures
from ..column_dataset import ColumnDataset
from .manifest import read_manifest
from .reader import CLASSES, read_sku110k_csv, repair_boxes

# Truncated in the published archive, as reported by its users:
# https://github.com/Anymake/DRN_CVPR2020/issues/3
KNOWN_TRUNCATED = frozenset(
    {
        'train_882.jpg',
        'train_924.jpg',
        'train_4222.jpg',
        'train_5822.jpg',
        'test_274.jpg',
    }
)


@DATASETS.register_module()
class SKU110KDataset(ColumnDataset):
    """SKU-110K as unpacked, without a conversion.

    Source: `Precise Detection in Densely Packed Scenes
    <https://arxiv.org/abs/1904.00853>`_, whose archive holds ``images/`` and
    ``annotations/annotations_{train,val,test}.csv``.
    Differs from ``mmdet.CocoDataset`` on the same boxes as JSON: boxes are
    clipped to their image; those that then are less than one pixel wide or
    high are dropped, and the log says how many.

    The one class is ``object``, the word that the class column holds in every
    row; other ones are taken for it, with a warning. ``img_id`` is the
    position of the image in the CSV, the same with and without a manifest.

    Args:
        args, kwargs: Of :class:`ColumnDataset`.
        ann_file (str): The CSV, below ``data_root``.
        data_prefix (dict): Defaults to ``dict(img='images/')``.
        manifest (str, optional): Use only the images that this text file
            lists: a path, or one of this package, such as
            ``sku110k-sub_train.txt``. Defaults to None.
        skip_images (Iterable[str]): File names to leave out. Defaults to the
            five images that are truncated in the archive.
        check_image_size (bool): Open every image file once, compare its size
            with the CSV, and leave out those that are missing, truncated or
            unreadable. Defaults to False: it takes a minute or more.

    Example:
        >>> dataset = SKU110KDataset(
        ...     ann_file='annotations/annotations_val.csv',
        ...     data_root='data/SKU110K_fixed/',
        ... )
    """

    METAINFO = dict(classes=CLASSES, palette=[(220, 20, 60)])

    def __init__(
        self,
        *args,
        ann_file: str = 'annotations/annotations_train.csv',
        data_prefix: dict | None = None,
        manifest: str | None = None,
        skip_images: Iterable[str] = KNOWN_TRUNCATED,
        check_image_size: bool = False,
        **kwargs,
    ) -> None:
        self.manifest = manifest
        self.skip_images = frozenset(skip_images)
        self.check_image_size = check_image_size
        super().__init__(
            *args,
            ann_file=ann_file,
            data_prefix=data_prefix or dict(img='images/'),
            **kwargs,
        )

    def load_columns(self) -> AnnotationColumns:
        """Read the CSV, choose the images, and repair the boxes."""
        with self.local_ann_file(
            'Set SKU110K_ROOT (or data_root in the config) to the unpacked '
            'SKU110K_fixed folder, which holds images/ and annotations/.'
        ) as path:
            columns = read_sku110k_csv(path)
        columns = self._choose_images(columns)
        if self.check_image_size:
            columns = self._check_sizes(columns)
        self.warn_of_boxes(columns)
        columns, self.changes = repair_boxes(columns)
        self.log(self.changes)
        return columns

    def _check_sizes(self, columns: AnnotationColumns) -> AnnotationColumns:
        """Leave out what cannot be read; ValueError for other sizes."""
        names = list(map(os.fsdecode, columns.file_names.tolist()))
        folder = self.data_prefix['img']
        report = compare_with_pictures(folder, names, columns.sizes, True)
        if wrong := report.wrong_sizes():
            raise ValueError(f'{folder}: {wrong}. Put them in skip_images.')
        if report.faults:
            listed = '; '.join(
                f'{n} {why}' for n, why in report.faults.items()
            )
            self.log(f'skipped {len(report.faults)} images: {listed}')
        return columns.take(np.array([n not in report.faults for n in names]))

    def _choose_images(self, columns: AnnotationColumns) -> AnnotationColumns:
        names = columns.file_names
        keep = np.ones(len(names), bool)
        if self.manifest is not None:
            wanted = list(map(os.fsencode, read_manifest(self.manifest)))
            missing = sorted({*wanted} - {*names.tolist()})
            if missing:
                raise ValueError(
                    f'manifest {self.manifest} must be of the split of '
                    f'{self.ann_file}, but {len(missing)} of {len(wanted)} '
                    f'are not there, {os.fsdecode(missing[0])} among them.'
                )
            keep = np.isin(names, wanted)
        skip = np.isin(names, list(map(os.fsencode, self.skip_images)))
        if (skip & keep).any():
            skipped = map(os.fsdecode, names[skip & keep])
            self.log(
                f'skipped {(skip & keep).sum()} images that are listed in '
                f'skip_images: {", ".join(skipped)}'
            )
        return columns.take(keep & ~skip)
