"""Measure proposals and stage inputs during training, and for the metric."""

import math
from collections.abc import Sequence

from mmdet.registry import HOOKS
from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...utils import checks
from ...utils.model_wrappers import peel
from .proposal_quality_metric import ProposalQualityMetric
from .quality import ProposalQuality
from .report import publish_proposal_quality
from .tap import ProposalTap


@HOOKS.register_module()
class ProposalQualityHook(Hook):
    """What RPN and RoI stages give to the objects, while training.

    Every ``interval`` iterations one batch is measured on each process, and
    the sums over the processes are logged as ``train_proposal/...``, named as
    in :class:`ProposalQualityMetric`. Each epoch (in iteration-based training:
    the whole run) ends with a plot of all its measured batches. In validation
    and test the hook lends its tap to the evaluator's metric of that class, if
    there is one, and plots its result.

    Each plot goes to the visualizer and, with a JSON file of all counts beside
    it, to the log folder of the run as
    ``proposal_quality_{train,val,test}_{iteration}.{png,json}``.

    Nothing in the model is replaced and no random number is drawn, so that
    training is the same, bit for bit, with and without the hook.

    Args:
        interval (int): Iterations from one measurement to the next.
            Defaults to 50.
        proposal_nums (Sequence[int]): The caps of average recall in
            training. Defaults to (100, 300, 1000, 2000).
    """

    def __init__(
        self,
        interval: int = 50,
        proposal_nums: Sequence[int] = (100, 300, 1000, 2000),
    ) -> None:
        self.interval = checks.positive_integer('interval', interval)
        self.proposal_nums = checks.positive_integers(
            'proposal_nums', proposal_nums
        )
        self._step = 0
        self._measured: list[ProposalQuality] = []

    def before_run(self, runner: Runner) -> None:
        """Put the tap on the model."""
        self._tap = ProposalTap(peel(runner.model)[-1])

    def after_run(self, runner: Runner) -> None:
        """Take the tap off the model."""
        self._tap.remove()

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Choose whether this batch is measured."""
        self._step = runner.iter + 1
        self._tap.recording = self.every_n_train_iters(runner, self.interval)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Measure and log the batch."""
        if not self._tap.recording:
            return
        batch = ProposalQuality.total(self._tap.measure(self.proposal_nums))
        total = ProposalQuality.total(all_gather_object(batch))
        self._measured.append(total)
        scalars = {
            f'train_proposal/{key}': value
            for key, value in total.metrics().items()
            if not math.isnan(value)
        }
        runner.visualizer.add_scalars(scalars, step=self._step)

    def _before_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Let the metrics of validation and test measure."""
        if mode != 'train':
            metrics = _metrics(runner, mode)
            self._tap.recording = bool(metrics)
            for metric in metrics:
                metric.tap = self._tap

    def _after_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Publish what was measured in the epoch."""
        if mode == 'train':
            found, self._measured = self._measured, []
        else:
            found = [m.quality for m in _metrics(runner, mode) if m.quality]
        if found and is_main_process():
            total = ProposalQuality.total(found)
            publish_proposal_quality(total, runner, mode, self._step)


def _metrics(runner: Runner, mode: str) -> list[ProposalQualityMetric]:
    """The one of the evaluator, if any: a plot has but one name."""
    metrics = getattr(runner, f'{mode}_evaluator').metrics
    return [m for m in metrics if isinstance(m, ProposalQualityMetric)][:1]
