"""Measure proposals and stage inputs during training, and for the metric."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmdet.registry import HOOKS
from mmdet.structures.bbox import get_box_tensor
from mmengine.dist import all_gather_object, master_only
from mmengine.evaluator import Evaluator
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from .plot import plot_proposal_quality
from .proposal_quality_metric import ProposalQualityMetric
from .quality import ProposalQuality, check_proposal_nums, measure_proposals
from .tap import ProposalTap


@HOOKS.register_module()
class ProposalQualityHook(Hook):
    """What RPN and RoI stages give to the objects, while training.

    Every ``interval`` iterations one batch is measured on each process, and
    the sums over the processes go to every visualizer backend as scalars
    ``train_proposal/...``, named as in :class:`ProposalQualityMetric`. Each
    epoch (in iteration-based training: the whole run) ends with a plot of
    all its measured batches.

    In validation and test the hook works only if the evaluator holds a
    ``ProposalQualityMetric``: it gives the metric its boxes, and plots its
    result. Each plot goes to the visualizer and, with a JSON file of all
    counts beside it, to the log folder of the run as
    ``proposal_quality_{train,val,test}_{iteration}.{png,json}``.

    In training the input boxes of a stage are what its sampler chose, with
    the copies of the ground truth that ``add_gt_as_proposals`` adds: a stage
    whose sampler keeps fewer positives than there are objects leaves objects
    without a positive, however good the proposals are. A sample is positive
    for the object that it overlaps most, from the stage's ``pos_iou_thr``
    on; that is the assigner's own verdict unless it has
    ``match_low_quality``. Recall is that of the proposals before sampling.

    Nothing in the model is replaced and no random number is drawn, so that
    training is the same, bit for bit, with and without the hook. How the
    boxes are seen: :class:`dense_scene.analysis.proposals.tap.ProposalTap`.

    Args:
        interval (int): Iterations from one measurement to the next.
            Defaults to 50.
        proposal_nums (Sequence[int]): The caps of average recall in
            training. Defaults to (100, 300, 1000, 2000).

    Raises:
        ValueError: If an argument is not a whole number from 1 on.
        TypeError: When the run starts, if the model is not a two-stage
            detector.
    """

    def __init__(
        self,
        interval: int = 50,
        proposal_nums: Sequence[int] = (100, 300, 1000, 2000),
    ) -> None:
        if type(interval) is not int or interval < 1:
            raise ValueError(
                'interval must be a whole number of iterations from 1 on, '
                f'but got {interval!r}. Use for example 50.'
            )
        self.interval = interval
        self.proposal_nums = check_proposal_nums(proposal_nums)
        self._step = 0
        self._batch: ProposalQuality | None = None
        self._epoch: list[ProposalQuality] = []

    def before_run(self, runner: Runner) -> None:
        """Put the forward hooks on the model."""
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        self._tap = ProposalTap(model)
        self._handle = model.register_forward_hook(
            self._after_forward, with_kwargs=True
        )

    def after_run(self, runner: Runner) -> None:
        """Take the forward hooks off the model."""
        self._handle.remove()
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
        """Log the batch if it was measured."""
        if self._batch is None:
            return
        total = ProposalQuality.total(all_gather_object(self._batch))
        self._batch = None
        self._epoch.append(total)
        scalars = {
            f'train_proposal/{key}': value
            for key, value in total.metrics().items()
            if not math.isnan(value)
        }
        runner.visualizer.add_scalars(scalars, step=self._step)

    def after_train_epoch(self, runner: Runner) -> None:
        """Plot what was measured in the epoch."""
        if self._epoch:
            total = ProposalQuality.total(self._epoch)
            self._publish(runner, total, 'train')
        self._epoch = []

    def before_val_epoch(self, runner: Runner) -> None:
        """Record if the metric is there to use it."""
        self._tap.recording = _find_metric(runner.val_evaluator) is not None

    def before_test_epoch(self, runner: Runner) -> None:
        """Record if the metric is there to use it."""
        self._tap.recording = _find_metric(runner.test_evaluator) is not None

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Plot the metric's result."""
        self._publish_metric(runner, runner.val_evaluator, 'val')

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Plot the metric's result."""
        self._publish_metric(runner, runner.test_evaluator, 'test')

    def _after_forward(
        self, model: nn.Module, args: tuple, kwargs: dict, output: list | dict
    ) -> None:
        """The detector's forward hook."""
        if not self._tap.recording:
            return
        if kwargs.get('mode') == 'predict':
            self._hand_over(output)
        elif kwargs.get('mode') == 'loss':
            self._batch = self._measure(kwargs['data_samples'])

    def _hand_over(self, data_samples: list) -> None:
        """Put the input boxes, in the original frame, where metrics look."""
        inputs = self._tap.stage_inputs(len(data_samples))
        for sample, stages in zip(data_samples, inputs):
            scale = np.tile(sample.get('scale_factor', (1.0, 1.0)), 2)
            sample.set_field(
                [
                    dict(boxes=boxes / scale, pos_iou_thr=thr)
                    for boxes, thr in zip(stages, self._tap.pos_iou_thrs)
                ],
                'stage_inputs',
            )

    def _measure(self, data_samples: list) -> ProposalQuality:
        """The counts of a training batch."""
        inputs = self._tap.stage_inputs(len(data_samples))
        proposals = self._tap.training_proposals(
            [sample.metainfo for sample in data_samples]
        )
        return ProposalQuality.total(
            measure_proposals(
                get_box_tensor(sample.gt_instances.bboxes).cpu().numpy(),
                stages[0] if proposals is None else proposals[i],
                stages,
                self._tap.pos_iou_thrs,
                () if proposals is None else self.proposal_nums,
            )
            for i, (sample, stages) in enumerate(zip(data_samples, inputs))
        )

    def _publish_metric(
        self, runner: Runner, evaluator: Evaluator, split: str
    ) -> None:
        metric = _find_metric(evaluator)
        if metric is not None and metric.quality is not None:
            self._publish(runner, metric.quality, split)

    @master_only
    def _publish(
        self, runner: Runner, quality: ProposalQuality, split: str
    ) -> None:
        """Plot to the visualizer; plot and counts to the log folder."""
        name = f'proposal_quality_{split}'
        picture = plot_proposal_quality(quality)
        runner.visualizer.add_image(name, picture, step=self._step)
        path = Path(runner.log_dir) / f'{name}_{self._step}.png'
        cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        text = json.dumps(quality.to_dict(), indent=1)
        path.with_suffix('.json').write_text(text)


def _find_metric(evaluator: Evaluator) -> ProposalQualityMetric | None:
    for metric in evaluator.metrics:
        if isinstance(metric, ProposalQualityMetric):
            return metric
    return None
