"""See what a two-stage detector feeds its stages, from outside."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from mmdet.structures.bbox import get_box_tensor
from torch import Tensor, nn

# Of assigners that have no pos_iou_thr, and of models without train_cfg.
_DEFAULT_POS_IOU_THR = 0.5


class ProposalTap:
    """Record the output of the RPN and the input boxes of each RoI stage.

    mmdet calls ``rpn_head.predict`` and ``roi_head.predict`` as plain
    methods, so that a forward hook on a head does not see them. But it calls
    the RPN itself and the RoI extractor of each stage as modules, the latter
    with exactly the boxes that the stage works on; those calls are recorded,
    with ``torch.nn.Module.register_forward_hook`` and nothing else. Of
    several calls in one forward pass the first counts: a mask head that
    shares the extractor calls it later.

    Works for every detector whose ``roi_head`` has a ``bbox_roi_extractor``,
    one or a list. Not meant for ``OHEMSampler``, which runs the extractor
    on its candidates first.

    Args:
        detector (nn.Module): The bare model, not its distributed wrapper.

    Attributes:
        recording (bool): Whether to record; off at first. Nothing is kept,
            and no memory held, while it is off.
        pos_iou_thrs (tuple[float, ...]): Per stage, from ``train_cfg``; 0.5
            where there is none.

    Raises:
        TypeError: If the detector has no RoI stage.
    """

    def __init__(self, detector: nn.Module) -> None:
        roi_head = getattr(detector, 'roi_head', None)
        extractors = getattr(roi_head, 'bbox_roi_extractor', None)
        if extractors is None:
            raise TypeError(
                'the model must be a two-stage detector with '
                'roi_head.bbox_roi_extractor, but got '
                f'{type(detector).__name__}. Remove ProposalQualityHook '
                'from custom_hooks for it.'
            )
        if not isinstance(extractors, nn.ModuleList):
            extractors = [extractors]
        self.recording = False
        self.pos_iou_thrs = _pos_iou_thrs(roi_head, len(extractors))
        self._detector = detector
        self._clear()
        self._handles = [detector.register_forward_pre_hook(self._clear)]
        for stage, extractor in enumerate(extractors):
            record = partial(self._record_rois, stage)
            self._handles.append(extractor.register_forward_hook(record))
        if hasattr(getattr(detector, 'rpn_head', None), 'predict_by_feat'):
            self._handles.append(
                detector.rpn_head.register_forward_hook(self._record_rpn)
            )

    def remove(self) -> None:
        """Take the forward hooks off the detector again."""
        for handle in self._handles:
            handle.remove()
        self._clear()

    def stage_inputs(self, num_images: int) -> list[list[np.ndarray]]:
        """The input boxes of the latest forward pass.

        Args:
            num_images (int): Images in the batch.

        Returns:
            list: Per image, per stage: (n, 4), xyxy, pixels of the resized
            image, in the order in which the stage got them. Stages that a
            batch without boxes did not reach get none.
        """
        per_stage = []
        for stage in range(len(self.pos_iou_thrs)):
            rois = self._rois.get(stage, torch.zeros(0, 5))
            rois = rois.detach().float().cpu().numpy()
            per_stage.append(
                [rois[rois[:, 0] == i, 1:] for i in range(num_images)]
            )
        return [list(stages) for stages in zip(*per_stage)]

    @torch.no_grad()
    def training_proposals(
        self, img_metas: Sequence[dict]
    ) -> list[np.ndarray] | None:
        """The proposals of the latest training pass, before sampling.

        The RoI head replaces them by samples before anything can be
        recorded, so that they are made once more from the recorded output of
        the RPN, by the call and with the config that training makes them.

        Args:
            img_metas (Sequence[dict]): Per image.

        Returns:
            list | None: Per image: (n, 4), xyxy, pixels of the resized
            image, by falling score. None if the detector has no RPN of the
            common kind.
        """
        if self._rpn_output is None:
            return None
        detector = self._detector
        results = detector.rpn_head.predict_by_feat(
            *self._rpn_output,
            batch_img_metas=list(img_metas),
            cfg=detector.train_cfg.get('rpn_proposal', detector.test_cfg.rpn),
        )
        boxes = (get_box_tensor(result.bboxes) for result in results)
        return [box.detach().float().cpu().numpy() for box in boxes]

    def _clear(self, *_: object) -> None:
        self._rois: dict[int, Tensor] = {}
        self._rpn_output: tuple | None = None

    def _record_rois(
        self, stage: int, module: nn.Module, args: tuple, output: Tensor
    ) -> None:
        if self.recording:
            self._rois.setdefault(stage, args[1])

    def _record_rpn(
        self, module: nn.Module, args: tuple, output: tuple
    ) -> None:
        if self.recording:
            self._rpn_output = tuple(
                [level.detach() for level in levels] for levels in output
            )


def _pos_iou_thrs(roi_head: nn.Module, num_stages: int) -> tuple[float, ...]:
    """What each stage's assigner calls positive."""
    config = roi_head.train_cfg or [{}] * num_stages
    stages = config if isinstance(config, (list, tuple)) else [config]
    return tuple(
        stage.get('assigner', {}).get('pos_iou_thr', _DEFAULT_POS_IOU_THR)
        for stage in stages
    )
