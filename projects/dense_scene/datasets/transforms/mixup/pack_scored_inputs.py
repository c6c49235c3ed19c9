"""Packing of boxes that have scores."""

from mmdet.datasets.transforms import PackDetInputs
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackScoredInputs(PackDetInputs):
    """``PackDetInputs`` with ``gt_scores`` as ``gt_instances.scores``.

    The stock class packs a fixed table of keys.
    """

    mapping_table = {**PackDetInputs.mapping_table, 'gt_scores': 'scores'}
