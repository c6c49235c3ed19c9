"""How well a detector counts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmdet.registry import METRICS
from mmengine.logging import MMLogger
from torch import Tensor

from ..utils import checks
from ..utils.groups import find_positions
from ..utils.ids import number_ids
from .counting import format_counting, name_counts, summarize_counting
from .truth_metric import TruthMetric


@METRICS.register_module()
class CountingMetric(TruthMetric):
    """Errors of the number of objects per image.

    Source: :func:`count_errors`. ``DenseCocoMetric(count=True)`` gives the
    same numbers beside AP; this metric alone needs no boxes.

    The number of objects is that of the data set (:class:`ColumnDataset`,
    which :class:`DetectionCapHook` hands over), of another ``ann_file``, or,
    without either, of the data samples: 'instances' or ``gt_instances``, which
    every test pipeline with ``LoadAnnotations`` packs. Crowd regions and
    ignored objects are not counted; a detection that lies on one is.

    ======================  ==================================================
    count/MAE_at0.5         also ``RMSE``, ``MRE`` (mean relative error) and
                            ``AC`` (counting accuracy), at ``score_thr``;
                            MRE and AC over images with objects, -1 without
    count/oracle_MAE        and so on: at the threshold with the least MAE on
                            these very images. A bound, not a result
    count/oracle_score_thr  that threshold
    count/<class>_MAE_at0.5 and so on, if ``classwise``
    ======================  ==================================================

    Args:
        ann_file (str, optional): COCO JSON. Defaults to None.
        score_thr (float): Detections with a score above it are counted.
            Defaults to 0.5.
        classwise (bool): Also report every class. Defaults to False.
        backend_args (dict, optional): Of mmengine's file backend.
        kwargs: Of ``BaseMetric``.

    Raises:
        ValueError: If an image comes twice, or the ground truth is missing.

    Example:
        >>> test_evaluator = [
        ...     dict(type='DenseCocoMetric'),
        ...     dict(type='CountingMetric', score_thr=0.3),
        ... ]
    """

    default_prefix = 'count'

    def __init__(
        self,
        ann_file: str | None = None,
        score_thr: float = 0.5,
        classwise: bool = False,
        backend_args: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(ann_file, backend_args, **kwargs)
        self.score_thr = checks.number('score_thr', score_thr, '[0, 1]')
        self.classwise = classwise

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the labels and scores of each image."""
        self.prepare()
        for sample in data_samples:
            found = sample['pred_instances']
            self.results.append(
                (
                    number_ids([sample['img_id']], 'img_id').item(),
                    _to_numpy(found['labels']).astype(np.int32),
                    _to_numpy(found['scores'].float()),
                    _true_labels(sample) if self._truth is None else None,
                )
            )

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Count everything, images in any order; see the table above."""
        ids, labels, scores, _ = zip(*results) if results else [()] * 4
        if not ids or len(set(ids)) < len(ids):
            raise ValueError(
                'CountingMetric must get every image once, but got '
                f'{len(ids)} images with {len(set(ids))} ids.'
            )
        classes, true = self._true_counts(results)
        values = summarize_counting(
            np.repeat(np.arange(len(ids)), [len(part) for part in labels]),
            np.concatenate(labels),
            np.concatenate(scores),
            true,
            self.score_thr,
            classes if self.classwise else (),
        )
        MMLogger.get_current_instance().info(
            f'CountingMetric: {len(ids)} images, {true.sum()} objects\n'
            f'{format_counting(values, self.score_thr)}'
        )
        return values

    def result_names(self, classes: tuple[str, ...]) -> list[str]:
        """The keys of :meth:`evaluate` for these classes, prefix included."""
        names = name_counts(self.score_thr, classes * self.classwise)
        return [f'{self.prefix}/{name}' for name in names]

    def _true_counts(
        self, results: list[tuple]
    ) -> tuple[Sequence[str], np.ndarray]:
        """The K classes, and the objects of each image and class, (M, K)."""
        if self._truth is not None:
            ids = np.array([result[0] for result in results])
            rows = find_positions(ids, self._truth.columns.image_ids)
            if (rows < 0).any():
                raise ValueError(
                    f'{self._source} must list every evaluated image, but '
                    f'lacks {(rows < 0).sum()} of {len(ids)}.'
                )
            return self._truth.classes, self._truth.counts(by_class=True)[rows]
        parts = [result[-1] for result in results]
        most = 1 + max(part.max(initial=0) for part in parts)
        classes = self._classes or [str(label) for label in range(most)]
        counts = [np.bincount(part, minlength=len(classes)) for part in parts]
        return classes, np.array(counts)


def _to_numpy(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()


def _true_labels(sample: dict) -> np.ndarray:
    """Of the objects that count, (m,) int64."""
    if 'instances' in sample:
        return np.array(
            [
                item['bbox_label']
                for item in sample['instances']
                if not item.get('ignore_flag', 0)
            ],
            np.int64,
        )
    objects = sample.get('gt_instances', ())
    if 'labels' not in objects:
        raise ValueError(
            'CountingMetric must get the ground truth, but it has no ann_file '
            "and the data samples neither 'instances' nor labeled "
            'gt_instances. Give ann_file, or add LoadAnnotations to the '
            'pipeline.'
        )
    return _to_numpy(torch.as_tensor(objects['labels'])).astype(np.int64)
