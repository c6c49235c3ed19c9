"""The base of data sets that keep their annotations in columns."""

import logging
import os
import os.path as osp
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmdet.datasets import BaseDetDataset
from mmengine.dataset import force_full_init
from mmengine.fileio import get_local_path
from mmengine.logging import print_log

from ..utils.files import require_file
from .annotation_columns import AnnotationColumns
from .checks.contradictions import describe_contradictions
from .checks.pictures import look_at_folder
from .images.integrity import find_file_fault


class ColumnDataset(BaseDetDataset):
    """A detection data set whose boxes are arrays, not dicts.

    Works wherever a ``BaseDetDataset`` does: samplers, wrappers, transforms
    and metrics get the same result dicts, made for one image at a time. A
    subclass gives :meth:`load_columns`.

    Differs from ``mmdet.BaseDetDataset``: boxes only (no masks, no
    ``seg_map_path``, no ``proposal_file``); ``serialize_data`` changes
    nothing; in test mode the image file is checked before the pipeline runs,
    because :class:`mmdet.apis.DetInferencer` insists on the stock
    ``LoadImageFromFile``, which with OpenCV 4 reads a truncated JPEG as
    if it were whole.

    Args:
        args, kwargs: Of ``BaseDetDataset``. ``data_prefix`` must have
            ``img``. ``filter_cfg`` may have ``min_size`` (the shorter side
            of an image, in pixels) and ``filter_empty_gt`` (drop images that
            have no box left); both act in training only.
    """

    columns: AnnotationColumns
    # What load_columns() left out or changed, in words.
    changes = ''

    def __init__(
        self, *args, data_prefix: dict | None = None, **kwargs
    ) -> None:
        super().__init__(
            *args, data_prefix=data_prefix or dict(img=''), **kwargs
        )

    def load_columns(self) -> AnnotationColumns:
        """Read the annotation file; each subclass must do this."""
        raise NotImplementedError

    def full_init(self) -> None:
        """Read, filter and cut to ``indices``, once."""
        if self._fully_initialized:
            return
        self._check_settings()
        self.columns = self.load_columns()
        loaded, self.columns = self.columns, self.filter_data()
        self._require_objects(loaded)
        if self._indices is not None:
            self.columns = self._take(self._indices)
        self._check_files()
        self._fully_initialized = True

    def filter_data(self) -> AnnotationColumns:
        """Apply ``filter_cfg``; everything is kept in test mode."""
        columns, rule = self.columns, self.filter_cfg
        if self.test_mode or rule is None:
            return columns
        keep = columns.sizes.min(axis=1) >= rule.get('min_size', 0)
        if rule.get('filter_empty_gt', False):
            keep &= columns.counts > 0
        return columns.take(keep)

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """The annotations of one image, as ``mmdet.CocoDataset`` has them."""
        height, width = self.columns.sizes[idx].tolist()
        info = dict(
            img_path=self._image_path(idx),
            img_id=self.columns.image_ids[idx].item(),
            seg_map_path=None,
            height=height,
            width=width,
            instances=self.columns.instances(idx),
            sample_idx=idx % len(self),
        )
        if self.return_classes:
            info.update(
                text=self.metainfo['classes'],
                caption_prompt=self.caption_prompt,
                custom_entities=True,
            )
        return info

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        """The label of every box of an image."""
        return self.columns.labels[self.columns.rows(idx)].tolist()

    @force_full_init
    def use_classes(self, classes: Sequence[str]) -> None:
        """Let labels be an index into this list, by name, from now on.

        It may hold more classes than the data set has. ValueError if one that
        has a box is not among them.
        """
        old = self._metainfo['classes']
        self.columns = self.columns.relabel(old, classes, self.ann_file)
        self._metainfo['classes'] = tuple(classes)
        palette = self._metainfo.get('palette')
        if isinstance(palette, Sequence) and not isinstance(palette, str):
            colors = dict(zip(old, self._metainfo.pop('palette')))
            if all(name in colors for name in classes):
                self._metainfo['palette'] = [colors[name] for name in classes]

    def rename_classes(self, names: Sequence[str]) -> None:
        """Call the classes, in their order, by other names."""
        self._metainfo['classes'] = tuple(names)

    def prepare_data(self, idx: int) -> dict | None:
        """Run the pipeline; in test mode, check the image file first."""
        path = self._image_path(idx)
        # Remote files can only be checked when they are read.
        check = self.test_mode and self._is_local(path)
        if check and (fault := find_file_fault(path)):
            remedy = 'copy it again, or take it out of the annotations'
            raise ValueError(f'image {path} {fault}: {remedy}.')
        return super().prepare_data(idx)

    @force_full_init
    def __len__(self) -> int:
        """Number of images."""
        return len(self.columns)

    @force_full_init
    def get_subset_(self, indices: Sequence[int] | int) -> None:
        """Keep the first (negative: last) n images, or those listed."""
        self.columns = self._take(indices)

    @force_full_init
    def get_subset(self, indices: Sequence[int] | int) -> 'ColumnDataset':
        """A copy with the first (negative: last) n images, or those listed."""
        # The columns are shared by the copy; its own memo, since the default
        # one of mmengine outlives the call.
        subset = self._copy_without_annotation(memo={})
        subset.columns = self._take(indices)
        return subset

    @contextmanager
    def local_ann_file(self, advice: str) -> Iterator[str]:
        """The path of ``ann_file`` or of a local copy; advice if missing."""
        if self._is_local(self.ann_file):
            require_file(self.ann_file, 'ann_file', advice)
        with get_local_path(
            self.ann_file, backend_args=self.backend_args
        ) as path:
            yield path

    def log(self, message: str, level: int = logging.INFO) -> None:
        """Write a line that begins with the name of ``ann_file``."""
        line = f'{osp.basename(self.ann_file)}: {message}.'
        print_log(line, 'current', level)

    def warn_of_boxes(self, columns: AnnotationColumns) -> None:
        """Say what the boxes of the file contradict, before repairs."""
        for line in describe_contradictions(columns):
            self.log(line, logging.WARNING)

    def _is_local(self, path: str) -> bool:
        # What mmengine would read from a local disk.
        return self.backend_args is None and '://' not in path

    def _require_objects(self, loaded: AnnotationColumns) -> None:
        """ValueError for a training set with nothing to train on."""
        if self.test_mode:
            return
        fault, rule = '', self.filter_cfg or {}
        if not len(self.columns):
            fault = f'none of its {len(loaded)} images is left'
        elif rule.get('filter_empty_gt') and loaded.ignored.all():
            fault = f'all of its {len(loaded.boxes)} boxes are ignored'
        if fault:
            raise ValueError(
                f'{self.ann_file} must hold something to train on, but '
                f'{fault} ({self.changes}; filter_cfg={self.filter_cfg}).'
            )

    def _check_files(self) -> None:
        """Look at the folder of the images once, before any is loaded."""
        folder, steps = self.data_prefix['img'], self.pipeline.transforms
        loaders = [s for s in steps if isinstance(s, LoadImageFromFile)]
        if not (loaders and len(self.columns) and self._is_local(folder)):
            return
        may_lack = not self.test_mode and all(
            getattr(step, 'on_error', '') == 'skip' or step.ignore_empty
            for step in loaders
        )
        for line in look_at_folder(self.columns, folder, may_lack):
            self.log(line, logging.WARNING)

    def _take(self, indices: Sequence[int] | int) -> AnnotationColumns:
        if isinstance(indices, int):
            images = np.arange(len(self.columns))
            images = images[:indices] if indices >= 0 else images[indices:]
        else:
            images = np.asarray(indices, np.int64)
        return self.columns.take(images)

    def _image_path(self, idx: int) -> str:
        return osp.join(
            self.data_prefix['img'], os.fsdecode(self.columns.file_names[idx])
        )

    def _check_settings(self) -> None:
        steps = self.pipeline.transforms
        with_mask = any(getattr(step, 'with_mask', False) for step in steps)
        given = dict(proposal_file=self.proposal_file, with_mask=with_mask)
        for name, value in given.items():
            if value:
                wanted = f'{type(self).__name__} must be used without {name}'
                raise ValueError(f'{wanted}, but got {value!r}.')
