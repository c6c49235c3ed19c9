"""Where a metric's ground truth comes from."""

from collections.abc import Sequence

from mmengine.evaluator import BaseMetric
from torch.utils.data import Dataset

from .tables.dataset_truth import read_truth
from .tables.ground_truth import GroundTruth


class TruthMetric(BaseMetric):
    """A metric whose ground truth is read once, before the first image.

    It is that of the data set (:class:`ColumnDataset`, which
    :class:`DetectionCapHook` hands over), of another ``ann_file``, or,
    without either, of the data samples: then ``_truth`` is None.

    Args:
        ann_file (str, optional): COCO JSON. It is not read where the data set
            holds all of it. Defaults to None.
        backend_args (dict, optional): Of mmengine's file backend.
        kwargs: Of ``BaseMetric``.
    """

    def __init__(
        self,
        ann_file: str | None = None,
        backend_args: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.ann_file = ann_file
        self.backend_args = backend_args
        self._dataset: Dataset | None = None
        self._truth: GroundTruth | None = None

    def use_dataset(self, dataset: Dataset | None) -> None:
        """Evaluate against this data set, where :func:`.read_dataset` can."""
        if dataset is not self._dataset:
            self._dataset, self._truth = dataset, None

    def prepare(self) -> None:
        """Read the ground truth, unless it comes with the samples."""
        if self._truth is None:
            self._truth = read_truth(
                self._dataset, self._classes, self.ann_file, self.backend_args
            )

    @property
    def _classes(self) -> Sequence[str] | None:
        return (self.dataset_meta or {}).get('classes')

    @property
    def _source(self) -> str:
        return self.ann_file or 'the data set'
