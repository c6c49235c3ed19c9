"""COCO metrics for hundreds of objects per image."""

import logging
import os.path as osp
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.fileio import get_local_path
from mmengine.logging import MMLogger

from ..utils import checks
from ..utils.groups import find_positions
from .backends import load_backend
from .backends.base import check_max_dets
from .cap_warnings import cap_warnings
from .counting import format_counting, summarize_counting
from .density.measure import measure_density
from .image_result import ImageResult, join_detections, join_truth
from .run_info import describe_file
from .stored.detection_file import check_store_path, save_detections
from .tables.coco_summary import (
    format_classes,
    format_summary,
    summarize,
    summarize_bounds,
    summarize_classes,
)
from .tables.detections import Detections
from .tables.ground_truth import GroundTruth


@METRICS.register_module()
class DenseCocoMetric(BaseMetric):
    """COCO's box AP and AR at every cap on detections per image.

    Source: the COCO protocol, as in pycocotools; equal to it in every number.

    Differs from ``mmdet.CocoMetric``: that takes mAP at 100 detections and
    mAP_50 to mAP_l at 1000, rounds to three digits, needs minutes where
    images are dense, and follows an ``ann_file`` past the images that were
    evaluated. Here the cap is in every key, values are not rounded, and only
    evaluated images count (with a warning if there are more). Boxes only.

    =========================  ===============================================
    coco/bbox_mAP@300          also ``_50``, ``_75``, ``_s``, ``_m``, ``_l``;
                               -1 if there is no such object
    coco/AR@300                average recall
    coco/recall_bound@300      largest recall that so many detections can
                               reach: sum(min(n, cap)) / sum(n) over the
                               objects n of each image and class
    coco/<class>_precision@300 AP of a class, if ``classwise``
    coco/count_MAE@0.5         also ``RMSE``, ``MRE``, ``AC``, and at the best
                               threshold ``count_oracle_MAE`` and so on, if
                               ``count``; see :class:`CountingMetric`
    coco/nan_boxes             detections with NaN or infinity; not scored
    coco/evaluator             library and version, a string
    =========================  ===============================================

    Args:
        ann_file (str, optional): COCO JSON. Defaults to None: the ground truth
            comes with the data samples ('instances' among the ``meta_keys`` of
            ``PackDetInputs``).
        max_dets (Sequence[int]): The caps, per image and class.
            Defaults to (100, 300).
        classwise (bool): Also report every class. Defaults to False.
        density (bool): Also print results by objects per image and by
            neighbour IoU, and keep them in ``density_report``.
            Defaults to False.
        density_file (str, optional): Write that report, with every image, to
            this JSON file. Defaults to None.
        count (bool): Also report errors of the number of objects.
            Defaults to False.
        score_thr (float): Detections with a score above it are counted.
            Defaults to 0.5.
        detection_file (str, optional): Write the detections, unchanged, to
            this ``.npz``, to be evaluated again; see :func:`save_detections`.
            Defaults to None.
        backend (str): 'auto', 'hotcoco' or 'pycocotools'. Defaults to 'auto'.
        backend_args (dict, optional): Of mmengine's file backend.
        kwargs: Of ``BaseMetric``.

    Attributes:
        density_report (DensityReport, optional): Of the latest evaluation.
        model_caps (dict[str, int]): Limits of the model by name, which
            :class:`DetectionCapHook` fills in, to warn of.
        run_info (dict): Config, data and checkpoint, which that hook fills in
            to be written to ``detection_file``.

    Raises:
        FileNotFoundError: If ``ann_file`` does not exist.
        ValueError: If a cap is below 1, the ground truth lacks an image or a
            class of the detections, or a detection is inverted or has a score
            outside of 0..1.

    Example:
        >>> val_evaluator = dict(type='DenseCocoMetric', max_dets=(100, 300))
    """

    default_prefix = 'coco'

    def __init__(
        self,
        ann_file: str | None = None,
        max_dets: Sequence[int] = (100, 300),
        classwise: bool = False,
        density: bool = False,
        density_file: str | None = None,
        count: bool = False,
        score_thr: float = 0.5,
        detection_file: str | None = None,
        backend: str = 'auto',
        backend_args: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.max_dets = check_max_dets(max_dets)
        self.backend = load_backend(backend)
        self.ann_file = ann_file
        self.classwise = classwise
        self.density = density or density_file is not None
        self.density_file = density_file
        self.count = count
        self.score_thr = checks.number('score_thr', score_thr, '[0, 1]')
        self.detection_file = detection_file and check_store_path(
            detection_file
        )
        self.backend_args = backend_args
        self.density_report = None
        self.model_caps: dict[str, int] = {}
        self.run_info: dict = {}
        self._truth: GroundTruth | None = None
        self._warned: set[str] = set()
        self._check_ann_file()

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the arrays of each image.

        Args:
            data_batch (Any): Not used.
            data_samples (Sequence[dict]): Predictions of the model.
        """
        if self.ann_file is not None and self._truth is None:
            # Before the first epoch is over, as the file may be wrong.
            self._truth = self._read_ann_file()
        self.results.extend(
            ImageResult.from_sample(sample, self._truth is None)
            for sample in data_samples
        )

    def compute_metrics(self, results: list[ImageResult]) -> dict:
        """Evaluate everything.

        Args:
            results (list[ImageResult]): All images, in any order.

        Returns:
            dict: As listed above.
        """
        start = time.perf_counter()
        truth = self._ground_truth(results)
        found = join_detections(results)
        if self.detection_file is not None:
            self._save(truth, found)
        found, nan_boxes = found.drop_nan()
        if nan_boxes:
            self._warn(
                f'{nan_boxes} of {nan_boxes + len(found)} detections '
                'hold NaN or infinity and are not scored: the model '
                'has diverged, or a layer overflows.'
            )
        tables = self.backend.evaluate(truth, found, self.max_dets)
        counts = truth.counts(by_class=True)
        values = {
            **summarize(tables),
            **summarize_bounds(counts, tables.max_dets),
        }
        for line in cap_warnings(truth, self.max_dets, self.model_caps):
            self._warn_once(line)
        self._log(
            f'{len(truth.images)} images, {counts.sum()} objects, '
            f'{len(found)} detections; {tables.backend}, '
            f'{time.perf_counter() - start:.1f} s\n'
            f'{format_summary(tables, values)}'
        )
        if self.classwise:
            values.update(summarize_classes(tables, truth.classes))
            self._log('\n' + format_classes(tables, truth.classes))
        if self.count:
            values.update(self._count(truth, found))
        if self.density:
            self._measure_density(truth, found)
        return {**values, 'nan_boxes': nan_boxes, 'evaluator': tables.backend}

    def _check_ann_file(self) -> None:
        name = self.ann_file
        if (
            name is None
            or self.backend_args is not None
            or '://' in name
            or osp.isfile(name)
        ):
            return
        raise FileNotFoundError(
            f'ann_file must be a COCO JSON file, but {name!r} does not exist. '
            'Correct ann_file of the evaluator, or leave it out to take the '
            'ground truth from the data set.'
        )

    def _read_ann_file(self) -> GroundTruth:
        with get_local_path(
            self.ann_file, backend_args=self.backend_args
        ) as path:
            truth = GroundTruth.from_coco(path, self._classes())
        truth.validate()
        return truth

    def _classes(self) -> Sequence[str] | None:
        return (self.dataset_meta or {}).get('classes')

    def _ground_truth(self, results: list[ImageResult]) -> GroundTruth:
        """Of the images that were evaluated."""
        ids, counts = np.unique(
            [result.image_id for result in results], return_counts=True
        )
        if not len(ids) or counts.max() > 1:
            problem = (
                'there are none'
                if not len(ids)
                else f'{ids[counts.argmax()]} came {counts.max()} times'
            )
            raise ValueError(
                'DenseCocoMetric must get every image once, but '
                f'{problem}. Check the data set and its image ids.'
            )
        if self._truth is None:
            return join_truth(results, self._classes())
        unknown = ids[~np.isin(ids, self._truth.images.ids)]
        if len(unknown):
            raise ValueError(
                f'{self.ann_file} must list every evaluated image, but lacks '
                f'{len(unknown)} of {len(ids)}, id {unknown[0]} among them. '
                'Give the annotations of the split that is evaluated.'
            )
        if len(ids) < len(self._truth.images):
            self._warn_once(
                f'{self.ann_file} lists {len(self._truth.images)} images, of '
                f'which {len(ids)} were evaluated: the results are for these.'
            )
        return self._truth.subset(ids)

    def _count(self, truth: GroundTruth, found: Detections) -> dict:
        values = summarize_counting(
            find_positions(found.image_ids, truth.images.ids),
            found.labels,
            found.scores,
            truth.counts(by_class=True),
            self.score_thr,
            truth.classes if self.classwise else (),
        )
        self._log('\n' + format_counting(values, self.score_thr))
        return {f'count_{name}': value for name, value in values.items()}

    def _measure_density(self, truth: GroundTruth, found: Detections) -> None:
        report = measure_density(
            truth, found, self.max_dets, self.backend.package
        )
        self.density_report = report
        self._log('\n' + report.format())
        if self.density_file is not None:
            report.save(self.density_file)

    def _save(self, truth: GroundTruth, found: Detections) -> None:
        meta = dict(
            self.run_info,
            classes=truth.classes,
            max_dets=self.max_dets,
            model_caps=self.model_caps,
        )
        meta.update(describe_file('ann_file', self.ann_file))
        save_detections(self.detection_file, found, meta, truth.images.ids)
        self._log(f'{len(found)} detections written to {self.detection_file}')

    def _log(self, message: str) -> None:
        MMLogger.get_current_instance().info(f'DenseCocoMetric: {message}')

    def _warn_once(self, message: str) -> None:
        """Of what stays the same from epoch to epoch."""
        if message not in self._warned:
            self._warned.add(message)
            self._warn(message)

    def _warn(self, message: str) -> None:
        MMLogger.get_current_instance().log(
            logging.WARNING, f'DenseCocoMetric: {message}'
        )
