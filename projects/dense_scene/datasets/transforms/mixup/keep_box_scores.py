"""Stock transforms on boxes that have scores."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform, Compose
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepBoxScores(BaseTransform):
    """Run transforms that drop boxes and drop their ``gt_scores`` too.

    mmdet's transforms know which keys belong to a box, and ``gt_scores`` is
    none of them. Within this transform ``gt_bboxes_labels`` holds the numbers
    of the boxes, from 0 on, so the transforms themselves tell which are left;
    behind it, it holds the labels again.

    Args:
        transforms (Sequence[dict]): Transforms that may drop and reorder
            boxes, but neither add any nor look at the labels.
    """

    def __init__(self, transforms: Sequence[dict]) -> None:
        self.transforms = Compose(
            [TRANSFORMS.build(transform) for transform in transforms]
        )

    def transform(self, results: dict) -> dict | None:
        """None where one of the transforms gives None."""
        labels, scores = results['gt_bboxes_labels'], results['gt_scores']
        results['gt_bboxes_labels'] = np.arange(len(labels))
        results = self.transforms(results)
        if results is not None:
            left = results['gt_bboxes_labels']
            results['gt_bboxes_labels'] = labels[left]
            results['gt_scores'] = scores[left]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.transforms})'
