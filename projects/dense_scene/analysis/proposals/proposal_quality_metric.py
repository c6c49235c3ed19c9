"""The quality of RPN proposals and of cascade stages, on a data set."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmdet.registry import METRICS
from mmdet.structures.bbox import get_box_tensor
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from .quality import ProposalQuality, check_proposal_nums, measure_proposals


@METRICS.register_module()
class ProposalQualityMetric(BaseMetric):
    """Average recall of the proposals, and what each stage makes of them.

    Needs ``dict(type='ProposalQualityHook')`` in ``custom_hooks``, which
    puts the input boxes of each stage into the data samples and writes the
    plot and the JSON file; and ``LoadAnnotations`` after ``Resize`` in the
    pipeline, so that the ground truth is in the frame of the original image,
    as every mmdet metric that reads ``gt_instances`` wants it.

    At test time the input boxes of stage 1 are the proposals, all of them,
    by falling score; those of stage 2 are the same boxes after stage 1, so
    that the mean IoU of the stages can be compared. There is no sampler at
    test time: a positive is what the stage's assigner would make one. Crowd
    and ignored objects do not count; classes are not told apart.

    Keys, for every cap and every stage:

    - ``proposal/AR@100``: COCO's average recall (area 'all', ``useCats=0``)
      at 100 proposals.
    - ``proposal/proposals_per_image``: their mean number.
    - ``proposal/stage1_mean_iou``: mean IoU of an input box of stage 1 with
      the object that it overlaps most.
    - ``proposal/stage1_positives_per_object``: mean number.
    - ``proposal/stage1_objects_without_positive``: share of the objects,
      0 to 1.

    Differs from ``CocoMetric(metric='proposal_fast')``, which scores final
    detections as if they were proposals and matches them by falling IoU:
    this one sees the proposals themselves and matches as pycocotools does.

    Args:
        proposal_nums (Sequence[int]): The caps of average recall.
            Defaults to (100, 300, 1000, 2000).
        collect_device (str): See ``BaseMetric``. Defaults to 'cpu'.
        prefix (str, optional): See ``BaseMetric``. Defaults to 'proposal'.

    Attributes:
        quality (ProposalQuality, optional): All counts of the latest
            evaluation, on the main process.

    Raises:
        ValueError: If a cap is not a whole number from 1 on, or, with the
            first batch, if the hook or the ground truth is absent.
    """

    default_prefix = 'proposal'

    def __init__(
        self,
        proposal_nums: Sequence[int] = (100, 300, 1000, 2000),
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.proposal_nums = check_proposal_nums(proposal_nums)
        self.quality: ProposalQuality | None = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Reduce each image to counts.

        Args:
            data_batch: Not used.
            data_samples (Sequence[dict]): With ``gt_instances`` and the
                hook's ``stage_inputs``.
        """
        for sample in data_samples:
            stages = sample.get('stage_inputs')
            if stages is None:
                raise ValueError(
                    "data samples must hold 'stage_inputs' for "
                    'ProposalQualityMetric, but got only '
                    f'{sorted(sample)}. Add '
                    "dict(type='ProposalQualityHook') to custom_hooks."
                )
            boxes = [stage['boxes'] for stage in stages]
            self.results.append(
                measure_proposals(
                    _objects(sample),
                    boxes[0],
                    boxes,
                    [stage['pos_iou_thr'] for stage in stages],
                    self.proposal_nums,
                )
            )

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Add up the counts of all images and print them as a table."""
        if not results:
            return {}
        self.quality = ProposalQuality.total(results)
        print_log(_table(self.quality), logger='current')
        most = self.quality.most_proposals
        short = [k for k in self.proposal_nums if k > most]
        if short:
            print_log(
                f'No image has more than {most} proposals, so that AR@'
                f'{short[0]} is AR@{most}. Raise model.test_cfg.rpn.nms_pre '
                'and max_per_img to measure more.',
                logger='current',
                level=logging.WARNING,
            )
        return self.quality.metrics()


def _objects(sample: dict) -> np.ndarray:
    """Ground truth boxes, (M, 4), xyxy, pixels of the original image."""
    boxes = sample.get('gt_instances', {}).get('bboxes')
    if boxes is None:
        raise ValueError(
            "data samples must hold ground truth in 'gt_instances' for "
            'ProposalQualityMetric, but there is none. Add '
            "dict(type='LoadAnnotations', with_bbox=True) after Resize to "
            'the test pipeline.'
        )
    return get_box_tensor(boxes).detach().cpu().numpy()


def _table(quality: ProposalQuality) -> str:
    """The headline numbers in two short tables."""
    recalls = zip(quality.proposal_nums, quality.average_recall)
    lines = [
        '',
        f'Proposals: {quality.proposals / quality.images:.1f} per image, '
        f'{quality.objects} objects in {quality.images} images',
        '  '.join(f'AR@{k} {recall:.4f}' for k, recall in recalls),
        'stage  positive from  mean IoU  positives/object  objects without',
    ]
    columns = zip(
        quality.pos_iou_thrs,
        quality.mean_iou,
        quality.positives_per_object,
        quality.positives_histogram[:, 0],
        quality.objects_without_positive,
    )
    for stage, (thr, iou, positives, without, share) in enumerate(columns, 1):
        lines.append(
            f'{stage:5d}  {thr:13.2f}  {iou:8.4f}  {positives:16.2f}  '
            f'{without:7d} ({share:.2%})'
        )
    return '\n'.join(lines)
