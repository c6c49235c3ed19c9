"""The quality of RPN proposals and of cascade stages, on a data set."""

import logging
from collections.abc import Sequence
from typing import Any

from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ...utils import checks
from .quality import ProposalQuality
from .report import format_proposal_quality
from .tap import ProposalTap


@METRICS.register_module()
class ProposalQualityMetric(BaseMetric):
    """Average recall of the proposals, and what each stage makes of them.

    Needs ``dict(type='ProposalQualityHook')`` in ``custom_hooks``, and
    ``LoadAnnotations`` after ``Resize`` in the pipeline, so that the ground
    truth is in the frame of the original image, as every mmdet metric that
    reads ``gt_instances`` wants it.

    Keys, for every cap and every stage: ``proposal/AR_at100`` (COCO's average
    recall, area 'all', ``useCats=0``), ``proposal/proposals_per_image``,
    ``proposal/stage1_mean_iou`` (of an input box and the object that it
    overlaps most), ``proposal/stage1_positives_per_object`` and
    ``proposal/stage1_objects_without_positive`` (a share, 0 to 1). Crowd and
    ignored objects do not count; classes are not told apart.

    Differs from ``CocoMetric(metric='proposal_fast')``, which scores final
    detections as if they were proposals and matches them by falling IoU.

    Args:
        proposal_nums (Sequence[int]): The caps of average recall.
            Defaults to (100, 300, 1000, 2000).
        collect_device, prefix: See ``BaseMetric``. Default to 'cpu' and
            'proposal'.

    Attributes:
        tap (ProposalTap, optional): On the model; set by the hook.
        quality (ProposalQuality, optional): All counts of the latest
            evaluation, on the main process.
    """

    default_prefix = 'proposal'

    def __init__(
        self,
        proposal_nums: Sequence[int] = (100, 300, 1000, 2000),
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.proposal_nums = checks.positive_integers(
            'proposal_nums', proposal_nums
        )
        self.tap: ProposalTap | None = None
        self.quality: ProposalQuality | None = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the counts of each image that the model has just seen."""
        if self.tap is None:
            hook = "dict(type='ProposalQualityHook')"
            raise ValueError(
                f'The metric needs its hook. Add {hook} to custom_hooks.'
            )
        self.results += self.tap.measure(self.proposal_nums)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Add up the counts of all images and print them as a table."""
        if not results:
            return {}
        self.quality = ProposalQuality.total(results)
        print_log('\n' + format_proposal_quality(self.quality), 'current')
        most = self.quality.most_proposals
        if short := [k for k in self.proposal_nums if k > most]:
            message = (
                f'No image has more than {most} proposals, so that AR@'
                f'{short[0]} is AR@{most}. Raise model.test_cfg.rpn.nms_pre '
                'and max_per_img to measure more.'
            )
            print_log(message, 'current', logging.WARNING)
        return self.quality.metrics()
