"""See what boxes each stage of a detector gets and gives at test time."""

import numpy as np
import torch
from mmdet.structures.bbox import get_box_tensor
from torch import Tensor, nn

from ..proposals.tap import ProposalTap


class CascadeTap(ProposalTap):
    """Record also what the last RoI stage makes of its input boxes.

    They are decoded from what its head returned, by the head's own
    ``regress_by_class``, as the cascade decodes between its stages: one box
    for each, of its best class where boxes are by class, without NMS.

    Args:
        detector (nn.Module): The bare model: Cascade R-CNN, or a detector
            with one RoI stage.

    Raises:
        ValueError: For a head that makes several boxes of one, as of those
            of CrowdDet: which one to follow nobody says.
    """

    def __init__(self, detector: nn.Module) -> None:
        super().__init__(detector)
        self.recording = True
        heads = detector.roi_head.bbox_head
        self._head = heads[-1] if isinstance(heads, nn.ModuleList) else heads
        if (boxes := getattr(self._head, 'num_instance', 1)) > 1:
            self.remove()
            raise ValueError(
                'bbox_head must make one box of a proposal, so that it can '
                f'be followed, but {type(self._head).__name__} makes {boxes}.'
            )
        self._output: tuple | None = None
        self._handles.append(
            self._head.register_forward_hook(self._record_head)
        )

    @torch.no_grad()
    def boxes(self, img_meta: dict) -> list[np.ndarray]:
        """Proposals and refined boxes of the latest image, a batch of one.

        S + 1 arrays (N, 4), float64, xyxy, pixels of the original image; row
        i is the same proposal in all.
        """
        [stages] = self.stage_inputs()
        # Without proposals the RoI head returns before it calls anything.
        found = len(stages[0])
        last = self._decode(stages[-1], img_meta) if found else stages[0]
        scale = np.tile(img_meta.get('scale_factor', (1.0, 1.0)), 2)
        return [part.astype(np.float64) / scale for part in (*stages, last)]

    def _decode(self, rois: np.ndarray, img_meta: dict) -> np.ndarray:
        scores, deltas = self._output
        head = self._head
        if not isinstance(deltas, Tensor):
            name = type(head).__name__
            raise ValueError(f'bbox_head must be a BBoxHead, but got {name}.')
        if head.custom_activation:
            scores = head.loss_cls.get_activation(scores)
        labels = scores[:, :-1].argmax(dim=1)
        priors = torch.as_tensor(rois, device=deltas.device)
        boxes = head.regress_by_class(priors, labels, deltas, img_meta)
        return get_box_tensor(boxes).float().cpu().numpy()

    def _record_head(
        self, module: nn.Module, args: tuple, output: tuple
    ) -> None:
        self._output = output
