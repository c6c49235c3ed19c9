"""DDQ-DETR's loss of dense queries without a loop over objects."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from mmdet.models.losses import DDQAuxLoss
from mmengine.structures import InstanceData
from scipy.optimize import linear_sum_assignment
from torch import Tensor

# Labels, their weights, boxes and alignment of an image's queries
Targets = tuple[Tensor, Tensor, Tensor, Tensor]


class DenseDDQAuxLoss(DDQAuxLoss):
    """The loss of DDQ-DETR's dense queries, with targets for all at once.

    Source: its parent, ``mmdet.models.losses.DDQAuxLoss``, with the same
    targets bit by bit, from the costs of its ``TopkHungarianAssigner``.
    Differs from it in time: the parent normalizes the alignment object by
    object, a dozen steps on the device and a wait for each, and matches one
    image after the other. Here an image is one step, and the images are
    matched beside each other (docs/benchmarks.md gives the time).

    Args:
        args, kwargs: Of the parent.
    """

    def get_targets(
        self,
        cls_scores: Tensor,
        bbox_preds: Tensor,
        gt_bboxes_list: list[Tensor],
        img_metas: list[dict],
        gt_labels_list: list[Tensor],
        **kwargs: object,
    ) -> tuple[list[Tensor], ...]:
        """Of B images with Q queries each.

        Args:
            cls_scores (Tensor): (B, Q, C), probabilities.
            bbox_preds (Tensor): (B, Q, 4), xyxy, pixels.
            gt_bboxes_list (list[Tensor]): (G, 4) each, xyxy, pixels.
            img_metas (list[dict]): With ``img_shape``.
            gt_labels_list (list[Tensor]): (G, ) each.

        Returns:
            tuple[list[Tensor], ...]: Labels, their weights, boxes and
            alignment, (Q, ) or (Q, 4) of each image.
        """
        images = list(
            zip(cls_scores.detach(), bbox_preds.detach(), gt_bboxes_list)
        )
        costs = [
            self._costs(*image, labels, meta)
            for image, labels, meta in zip(images, gt_labels_list, img_metas)
        ]
        with ThreadPoolExecutor(len(costs)) as pool:  # scipy frees the GIL
            pairs = list(pool.map(self._match, costs))
        targets = [
            self._targets(*image, labels, *pair)
            for image, labels, pair in zip(images, gt_labels_list, pairs)
        ]
        return tuple(map(list, zip(*targets)))

    def _costs(
        self,
        scores: Tensor,
        boxes: Tensor,
        gt_bboxes: Tensor,
        gt_labels: Tensor,
        img_meta: dict,
    ) -> np.ndarray:
        """(Q, G), what matching a query with an object costs."""
        found = InstanceData(scores=scores, bboxes=boxes)
        there = InstanceData(labels=gt_labels, bboxes=gt_bboxes)
        assigner = self.assigner
        parts = assigner.cls_cost, assigner.reg_cost, assigner.iou_cost
        return (
            sum(part(found, there, img_meta) for part in parts).cpu().numpy()
        )

    def _match(self, costs: np.ndarray) -> tuple[Tensor, Tensor]:
        """Queries in rising order, and the object of each.

        Every object gets ``topk``, or as many as there are for each.
        """
        num_queries, num_objects = costs.shape
        k = min(self.assigner.topk, num_queries // max(num_objects, 1))
        queries, columns = linear_sum_assignment(np.repeat(costs, k, 1))
        objects = columns // max(k, 1)
        return torch.from_numpy(queries), torch.from_numpy(objects)

    def _targets(
        self,
        scores: Tensor,
        boxes: Tensor,
        gt_bboxes: Tensor,
        gt_labels: Tensor,
        queries: Tensor,
        objects: Tensor,
    ) -> Targets:
        """Of the matched queries; the others have no object."""
        queries, objects = queries.to(boxes.device), objects.to(boxes.device)
        labels = gt_labels.new_full((len(scores),), scores.size(-1))
        labels[queries] = gt_labels[objects]
        targets = torch.zeros_like(boxes)
        targets[queries] = gt_bboxes[objects]
        overlaps = self.assigner.iou_calculator(
            boxes[queries], gt_bboxes[objects], is_aligned=True
        )
        # As the parent has it: with its assigner's own exponent, not that of
        # train_cfg, and of all pairs, since bits of a power depend on where
        # in a tensor it is.
        pairs = self.assigner.iou_calculator(boxes, gt_bboxes)
        aligned = (scores[:, gt_labels] * pairs**6)[queries, objects]

        def most(values: Tensor) -> Tensor:
            """Of the queries of an object; none is below zero."""
            zeros = values.new_zeros(len(gt_labels))
            return zeros.scatter_reduce(0, objects, values, 'amax')[objects]

        alignment = boxes.new_zeros(len(boxes))
        alignment[queries] = aligned / (most(aligned) + 10e-8) * most(overlaps)
        # Also the parent's: an image without objects teaches nothing.
        weight = float(len(gt_labels) > 0)
        return labels, torch.full_like(alignment, weight), targets, alignment
