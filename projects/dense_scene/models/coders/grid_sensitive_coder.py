"""YOLO's box code whose centers reach the borders of a cell."""

import math
from typing import Any

import torch
from mmdet.models.task_modules.coders import YOLOBBoxCoder
from mmdet.registry import TASK_UTILS
from torch import Tensor

from ...utils import checks


@TASK_UTILS.register_module()
class GridSensitiveCoder(YOLOBBoxCoder):
    """YOLO's code with a center of ``s * sigmoid - (s - 1) / 2`` in its cell.

    Source: `PP-YOLO <https://arxiv.org/abs/2007.12099>`_, Eq. (1) and (2). A
    sigmoid alone reaches the border of a cell only for infinite outputs. With
    ``scale_x_y=1`` the code is that of mmdet's ``YOLOBBoxCoder``, except that
    a side is at most ``max_ratio`` times its anchor's, so that no prediction
    is infinite. Encoding is YOLO's: the center in its cell and logarithms.

    Args:
        scale_x_y (float): s. Defaults to 1.05.
        max_ratio (float): Defaults to 1000 / 16, as in mmdet's other coders.
    """

    def __init__(
        self,
        scale_x_y: float = 1.05,
        max_ratio: float = 1000 / 16,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scale = checks.number('scale_x_y', scale_x_y, '[1, inf)')
        max_ratio = checks.number('max_ratio', max_ratio, '[1, inf)')
        self.max_log_ratio = math.log(max_ratio)

    def offsets(self, sigmoids: Tensor) -> Tensor:
        """Centers in their cells, any shape, in units of the stride."""
        return self.scale * sigmoids - (self.scale - 1) / 2

    def decode(
        self, bboxes: Tensor, pred_bboxes: Tensor, stride: Tensor | int
    ) -> Tensor:
        """Boxes of predictions, as in the parent class.

        Args:
            bboxes (Tensor): (N, 4) or more dimensions, anchors, xyxy, pixels.
            pred_bboxes (Tensor): (N, 4), two sigmoids and two logarithms.
            stride (Tensor | int): (N, 1) or one for all, pixels.

        Returns:
            Tensor: (N, 4), xyxy, pixels.
        """
        centers = self.offsets(pred_bboxes[..., :2])
        ratios = pred_bboxes[..., 2:].clamp(max=self.max_log_ratio)
        code = torch.cat((centers, ratios), dim=-1)
        return super().decode(bboxes, code, stride)
