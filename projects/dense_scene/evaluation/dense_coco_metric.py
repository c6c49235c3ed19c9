"""COCO metrics for hundreds of objects per image."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from mmdet.registry import METRICS
from mmengine.logging import MMLogger

from ..utils import checks
from ..utils.files import require_file, require_writable_file
from .backends import load_backend
from .counting import compare_counts, format_counting
from .density.measure import measure_density
from .density.report import DensityReport
from .result_names import name_results
from .samples import (
    describe_other_sizes,
    join_detections,
    read_sample,
    unique_images,
)
from .stored import detection_file as store
from .tables import coco_summary
from .tables.dataset_truth import join_truth
from .tables.detections import Detections
from .tables.ground_truth import GroundTruth
from .truth_metric import TruthMetric


@METRICS.register_module()
class DenseCocoMetric(TruthMetric):
    """COCO's box AP and AR at every one of ``max_dets``.

    Source: the COCO protocol, as in pycocotools; equal to it in every number.

    Differs from ``mmdet.CocoMetric``: every result is also under a key with
    its number (there mAP is at 100 detections and mAP_50 to mAP_l at 1000,
    here all at the largest), values are not rounded,
    only evaluated images count (with a warning if there are more), and dense
    images take seconds instead of minutes. Boxes only.

    The ground truth is that of the data set (:class:`ColumnDataset`, which
    :class:`DetectionCapHook` hands over), of another ``ann_file``, or, without
    either, 'instances' of the data samples (among the ``meta_keys`` of
    ``PackDetInputs``).

    ===========================  =============================================
    coco/bbox_mAP_at300          also ``_50``, ``_75``, ``_s``, ``_m``, ``_l``
                                 before ``_at``; -1 if there is no such object
    coco/bbox_mAP                and so on, as CocoMetric calls them: at the
                                 largest of max_dets
    coco/AR_at300                average recall
    coco/recall_bound_at300      largest recall that so many detections can
                                 reach: sum(min(n, 300)) / sum(n) over the
                                 objects n of each image and class
    coco/<class>_precision_at300 AP of a class, if ``classwise``; plain at the
                                 largest of max_dets
    coco/count_MAE_at0.5         and so on, if ``count``; see CountingMetric
    coco/nan_boxes               detections with NaN or infinity; not scored
    ===========================  =============================================

    Args:
        ann_file (str, optional): COCO JSON. It is not read where the data set
            holds all of it. Defaults to None.
        max_dets (Sequence[int]): How many detections of an image and class
            count. Defaults to (100, 300).
        classwise (bool): Also report every class. Defaults to False.
        density (bool): Also print results by objects per image and by
            neighbor IoU, and keep them in ``density_report``; needs hotcoco.
            Defaults to False.
        density_file (str, optional): A JSON file for that report, with every
            image. Defaults to None.
        count (bool): Also report errors of the number of objects, counting
            detections with a score above ``score_thr``. Defaults to False.
        score_thr (float): Defaults to 0.5.
        detection_file (str, optional): An ``.npz`` for the detections, to be
            evaluated again. Defaults to None.
        backend (str): 'auto', 'hotcoco' or 'pycocotools'. Defaults to 'auto'.
        backend_args (dict, optional): Of mmengine's file backend.
        kwargs: Of ``BaseMetric``.

    Attributes:
        density_report (DensityReport, optional): Of the latest evaluation.
        model_caps (dict[str, int]), run_info (dict): Of
            :class:`DetectionCapHook`, to warn of and to be stored.

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
        super().__init__(ann_file, backend_args, **kwargs)
        self.max_dets = checks.positive_integers('max_dets', max_dets)
        self.backend = load_backend(backend)
        self.classwise = classwise
        self.density = density or density_file is not None
        if self.density:
            load_backend('hotcoco')
        self.density_file = density_file
        self.count = count
        self.score_thr = checks.number('score_thr', score_thr, '[0, 1]')
        self.detection_file = detection_file
        if detection_file is not None:
            checks.suffix('detection_file', detection_file, store.ENDINGS)
        for name in ('detection_file', 'density_file'):
            if path := getattr(self, name):
                require_writable_file(name, path)
        self.density_report: DensityReport | None = None
        self.model_caps: dict[str, int] = {}
        self.run_info: dict = {}
        self._warned: set[str] = set()
        if ann_file and backend_args is None and '://' not in ann_file:
            require_file(ann_file, 'ann_file', 'Leave it out, or correct it.')

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the arrays of each image."""
        self.prepare()
        self.results.extend(
            read_sample(sample, with_truth=self._truth is None)
            for sample in data_samples
        )

    def compute_metrics(self, results: list[tuple]) -> dict:
        """Evaluate everything, images in any order; see the table above."""
        start = time.perf_counter()
        truth = self._truth_of(results)
        found = join_detections(results)
        everything = found
        found, nan_boxes = found.drop_nan()
        self._warn_once(truth.nothing_to_find())
        self._warn_once(describe_other_sizes(results, truth))
        if nan_boxes:
            self._log(
                f'{nan_boxes} of {nan_boxes + len(found)} detections '
                'hold NaN or infinity and are not scored: the model '
                'has diverged, or a layer overflows.',
                logging.WARNING,
            )
        tables = self.backend.evaluate(truth, found, self.max_dets)
        counts = truth.counts(by_class=True)
        values = coco_summary.summarize(tables, counts)
        for line in coco_summary.low_cap_warnings(
            counts, self.max_dets, self.model_caps
        ):
            self._warn_once(line)
        self._log(
            f'{len(counts)} images, {counts.sum()} objects, '
            f'{len(found)} detections; {tables.backend}, '
            f'{time.perf_counter() - start:.1f} s\n'
            f'{coco_summary.format_summary(tables, values)}'
        )
        if self.classwise:
            classes = truth.classes
            values.update(coco_summary.summarize_classes(tables, classes))
            self._log('\n' + coco_summary.format_classes(tables, classes))
        if self.count:
            got = compare_counts(truth, found, self.score_thr, self.classwise)
            self._log('\n' + format_counting(got, self.score_thr))
            values.update({f'count_{k}': v for k, v in got.items()})
        if self.density:
            report = measure_density(truth, found, self.max_dets)
            self._log('\n' + report.format())
            if self.density_file is not None:
                self._try(report.save, self.density_file)
            self.density_report = report
        if self.detection_file is not None:
            self._try(self._save, self.detection_file, truth, everything)
        return {**values, 'nan_boxes': nan_boxes}

    def result_names(self, classes: tuple[str, ...]) -> list[str]:
        """The keys of :meth:`evaluate` for these classes, prefix included."""
        return name_results(
            classes,
            self.max_dets,
            self.classwise,
            self.count,
            self.score_thr,
            self.prefix,
        )

    def _truth_of(self, results: list[tuple]) -> GroundTruth:
        """Of the images that were evaluated."""
        ids = unique_images(results)
        if self._truth is None:
            parts = [result[-1] for result in results]
            return join_truth(parts, self._classes)
        listed = self._truth.columns
        if len(ids) < len(listed):
            self._warn_once(
                f'{self._source} lists {len(listed)} images, of which '
                f'{len(ids)} were evaluated: the results are for these.'
            )
        return self._truth.subset(ids, self._source)

    def _try(self, write: Callable, path: str, *args: Any) -> None:
        """The numbers are there by now, and stay whatever the disk says."""
        try:
            write(path, *args)
        except OSError as error:
            fault = f'{path} is not written: {error.strerror or error}'
            self._log(f'{fault}. The results stand.', logging.WARNING)

    def _save(self, path: str, truth: GroundTruth, found: Detections) -> None:
        caps = dict(max_dets=self.max_dets, model_caps=self.model_caps)
        meta = {**self.run_info, 'classes': truth.classes, **caps}
        meta.update(store.describe_file('ann_file', self.ann_file))
        store.save_detections(path, found, meta, truth.columns.image_ids)
        self._log(f'{len(found)} detections written to {path}')

    def _warn_once(self, message: str) -> None:
        """Of what stays the same from epoch to epoch, if anything."""
        if message and message not in self._warned:
            self._warned.add(message)
            self._log(message, logging.WARNING)

    def _log(self, message: str, level: int = logging.INFO) -> None:
        logger = MMLogger.get_current_instance()
        logger.log(level, f'DenseCocoMetric: {message}')
