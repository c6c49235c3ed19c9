"""What proposals and cascade stages give to the objects, as counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from ...utils.box_matching import best_objects, recalling_ranks
from ...utils.boxes import overlapping_pairs

# COCO's thresholds of average recall, in the way that pycocotools makes them.
IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
# i / 20 and not a sum of steps: 0.6 is the threshold that a config spells.
IOU_EDGES = np.arange(21) / 20
# Objects with more positives than this are counted together.
MAX_POSITIVES = 16
# A box is a copy of its object from here on: training adds such copies.
_COPY_IOU = 1 - 1e-6
_STAGE_METRICS = (
    'mean_iou',
    'positives_per_object',
    'objects_without_positive',
)


@dataclasses.dataclass(frozen=True, eq=False)
class ProposalQuality:
    """Counts over one image, or over many: :meth:`total` adds them up.

    K is the number of caps, T the ten IoU thresholds 0.50 to 0.95, S the
    number of stages. An input box belongs to the object that it overlaps
    most.
    """

    proposal_nums: tuple[int, ...]  # the K caps
    pos_iou_thrs: tuple[float, ...]  # (S,), from which IoU a box is positive
    images: int
    objects: int
    proposals: int
    most_proposals: int  # of one image
    recalled: np.ndarray  # (T, K), objects that the first k proposals recall
    inputs: np.ndarray  # (S,), input boxes
    iou_sum: np.ndarray  # (S,), of the input boxes with their objects
    iou_histogram: np.ndarray  # (S, 20), input boxes in bins of 0.05
    positives: np.ndarray  # (S,), input boxes that are positive
    positives_histogram: np.ndarray  # (S, 17), objects with 0 to 16+ of them
    copies: np.ndarray  # (S,), input boxes equal to their object

    @classmethod
    def total(cls, parts: Iterable[ProposalQuality]) -> ProposalQuality:
        """Add up the counts of images that went through the same model."""
        parts = list(parts)
        values = dataclasses.asdict(parts[0])
        for name in set(values) - {'proposal_nums', 'pos_iou_thrs'}:
            add = max if name == 'most_proposals' else sum
            values[name] = add(getattr(part, name) for part in parts)
        return cls(**values)

    @property
    def average_recall(self) -> np.ndarray:
        """(K,), share of objects recalled, mean over the thresholds."""
        return self.recalled.mean(axis=0) / _or_nan(self.objects)

    @property
    def mean_iou(self) -> np.ndarray:
        """(S,), mean IoU of the input boxes with their object."""
        return self.iou_sum / _or_nan(self.inputs)

    @property
    def positives_per_object(self) -> np.ndarray:
        """(S,), mean number of positives of an object."""
        return self.positives / _or_nan(self.objects)

    @property
    def objects_without_positive(self) -> np.ndarray:
        """(S,), share of the objects that no input box is positive for."""
        return self.positives_histogram[:, 0] / _or_nan(self.objects)

    def metrics(self) -> dict[str, float]:
        """The headline numbers; NaN where there is nothing to count."""
        recalls = zip(self.proposal_nums, self.average_recall)
        values = {f'AR_at{k}': recall for k, recall in recalls}
        if self.proposal_nums:
            values['proposals_per_image'] = self.proposals / self.images
        for name in _STAGE_METRICS:
            for stage, value in enumerate(getattr(self, name), start=1):
                values[f'stage{stage}_{name}'] = value
        return {key: float(value) for key, value in values.items()}

    def to_dict(self) -> dict:
        """Every count, the bins and the headline numbers, for JSON."""
        counts = dataclasses.asdict(self)
        counts.update(iou_thresholds=IOU_THRESHOLDS, iou_edges=IOU_EDGES)
        for name, value in counts.items():
            if isinstance(value, np.ndarray):
                counts[name] = value.tolist()
        # JSON has no NaN.
        counts['metrics'] = {
            key: None if np.isnan(value) else value
            for key, value in self.metrics().items()
        }
        return counts


def measure_proposals(
    objects: np.ndarray,
    proposals: np.ndarray,
    stage_inputs: Sequence[np.ndarray],
    pos_iou_thrs: Sequence[float],
    proposal_nums: Sequence[int],
) -> ProposalQuality:
    r"""Measure the proposals and the stage inputs of one image.

    Average recall is COCO's, class-agnostic (``useCats=0``, area 'all'):
    with :math:`R_t(k)` the share of objects that the first k proposals
    recall at IoU t, matched one to one by :func:`recalling_ranks`,

    .. math::
        AR(k) = \frac{1}{10} \sum_{t \in \{0.50, 0.55, ..., 0.95\}} R_t(k)

    An input box is a positive of its object if their IoU reaches the stage's
    threshold, as in ``mmdet.MaxIoUAssigner`` without ``match_low_quality``.

    Args:
        objects (np.ndarray): (M, 4), xyxy, in the unit of all boxes, without
            crowd and ignored ones; COCO's recall is the same without them.
        proposals (np.ndarray): (N, 4), xyxy, by falling score.
        stage_inputs (Sequence[np.ndarray]): Per stage, (n, 4), xyxy.
        pos_iou_thrs (Sequence[float]): Per stage.
        proposal_nums (Sequence[int]): The caps k; () measures no recall.
    """
    pairs = overlapping_pairs(proposals, objects)
    ranks = recalling_ranks(pairs, len(objects), IOU_THRESHOLDS)
    caps = np.array(proposal_nums, dtype=np.int64)
    stages = []
    for boxes, threshold in zip(stage_inputs, pos_iou_thrs):
        if boxes is not proposals:
            pairs = overlapping_pairs(boxes, objects)
        matches = best_objects(pairs, len(boxes))
        stages.append(_measure_stage(*matches, len(objects), threshold))
    return ProposalQuality(
        proposal_nums=tuple(proposal_nums),
        pos_iou_thrs=tuple(pos_iou_thrs),
        images=1,
        objects=len(objects),
        proposals=len(proposals),
        most_proposals=len(proposals),
        recalled=(ranks[..., None] < caps).sum(axis=1),
        **{name: np.stack([s[name] for s in stages]) for name in stages[0]},
    )


def _measure_stage(
    index: np.ndarray, iou: np.ndarray, num_objects: int, threshold: float
) -> dict[str, np.ndarray]:
    """The counts of one stage."""
    positive = (index >= 0) & (iou >= threshold)
    per_object = np.bincount(index[positive], minlength=num_objects)
    per_object = per_object.clip(max=MAX_POSITIVES)
    return dict(
        inputs=np.int64(len(iou)),
        iou_sum=iou.sum(),
        iou_histogram=np.histogram(iou, IOU_EDGES)[0],
        positives=positive.sum(),
        positives_histogram=np.bincount(
            per_object, minlength=MAX_POSITIVES + 1
        ),
        copies=(iou >= _COPY_IOU).sum(),
    )


def _or_nan(count: int | np.ndarray) -> np.ndarray:
    """The count as a divisor: a share of nothing is NaN, not an error."""
    return np.where(np.asarray(count) > 0, count, np.nan)
