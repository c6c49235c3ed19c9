"""A cascade whose stages predict two boxes for each proposal."""

from collections.abc import Sequence

import torch
from mmdet.models.roi_heads import CascadeRoIHead
from mmdet.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class EMDCascadeRoIHead(CascadeRoIHead):
    """``CascadeRoIHead`` for stages of :class:`EMDBBoxHead`.

    Source: `CrowdDet <https://arxiv.org/abs/2003.09163>`_, applied to every
    stage of `Cascade R-CNN <https://arxiv.org/abs/1712.00726>`_; neither
    paper says how. Both boxes of a proposal go on as proposals of their own:
    in training all of them, for the sampler to choose; at test time the
    better half by score, so that a stage has as many as the one before. The
    set of a detection is its proposal in the last stage.

    Differs from the parent in the scores too: those of the last stage, not
    the mean, as the two boxes of a proposal have no order that would be the
    same in two stages.
    """

    def _refine_roi(
        self,
        x: tuple[Tensor],
        rois: Tensor,
        batch_img_metas: list[dict],
        num_proposals_per_img: Sequence[int],
        **kwargs: object,
    ) -> tuple:
        """Arguments and result of the parent: of each image the proposals of
        the last stage, (N, 5), their logits, (N, 2 * (C + 1)), and deltas,
        (N, 8)."""
        counts = list(num_proposals_per_img)
        for stage in range(self.num_stages):
            results = self._bbox_forward(stage, x, rois, **kwargs)
            parts = tuple(
                part.split(counts)
                for part in (rois, results['cls_score'], results['bbox_pred'])
            )
            if stage < self.num_stages - 1:
                images = zip(*parts, batch_img_metas)
                rois = torch.cat(
                    [
                        self._better_half(stage, roi, score, deltas, img_meta)
                        for roi, score, deltas, img_meta in images
                    ]
                )
        return parts

    def _better_half(
        self,
        stage: int,
        rois: Tensor,
        cls_score: Tensor,
        bbox_pred: Tensor,
        img_meta: dict,
    ) -> Tensor:
        """The N best of the two boxes of N proposals, (N, 5)."""
        head = self.bbox_head[stage]
        boxes = head.decode_both(rois[:, 1:], bbox_pred, img_meta)
        scores = head.class_scores(cls_score)[..., :-1].amax(-1).flatten()
        best = scores.topk(len(rois)).indices
        return torch.cat((rois[:, :1], boxes.flatten(0, 1)[best]), dim=1)
