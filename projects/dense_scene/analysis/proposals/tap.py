"""See, from outside, what a two-stage detector gives to its stages."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from torch import Tensor, nn

from .quality import ProposalQuality, measure_proposals


class ProposalTap:
    """Record and measure what the RoI stages of a detector work on.

    mmdet calls the RPN and the RoI extractor of each stage as modules, the
    latter with exactly the boxes that the stage works on; forward hooks record
    those calls. (``predict`` of a head is a plain method: a hook on the head
    does not see it.) Of several calls in one forward pass the first counts: a
    mask head that shares the extractor calls it later. Hence not for
    ``OHEMSampler``, which runs the extractor on its candidates first.

    Args:
        detector (nn.Module): The bare model, not its distributed wrapper.

    Attributes:
        recording (bool): Off at first. Nothing is kept while it is off.
        pos_iou_thrs (tuple[float, ...]): Per stage, from ``train_cfg``; 0.5
            where there is none.
    """

    def __init__(self, detector: nn.Module) -> None:
        roi_head = getattr(detector, 'roi_head', None)
        extractors = getattr(roi_head, 'bbox_roi_extractor', None)
        if extractors is None:
            what = 'the model must be a two-stage detector with RoI extractors'
            raise ValueError(f'{what}, but got {type(detector).__name__}.')
        if not isinstance(extractors, nn.ModuleList):
            extractors = [extractors]
        self.recording = False
        self.pos_iou_thrs = _pos_iou_thrs(roi_head, len(extractors))
        self._detector = detector
        self._start()
        self._handles = [
            detector.register_forward_pre_hook(self._start, with_kwargs=True)
        ]
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
        self._start()

    def measure(self, proposal_nums: Sequence[int]) -> list[ProposalQuality]:
        """The counts of each image of the latest forward pass.

        In training proposals are those before sampling, stage inputs those
        that the samplers chose. At test time both are taken to the frame of
        the original image, in which the ground truth must be. There is no
        recall if training has no RPN of the common kind.
        """
        training = self._detector.training
        proposals = self.training_proposals() if training else None
        found = []
        for i, stages in enumerate(self.stage_inputs()):
            sample = self._samples[i]
            if 'bboxes' not in sample.get('gt_instances', ()):
                load = "dict(type='LoadAnnotations', with_bbox=True)"
                where = f'Add {load} after Resize to the test pipeline.'
                raise ValueError(
                    f'data samples must have ground truth. {where}'
                )
            if not training:
                scale = np.tile(sample.get('scale_factor', (1.0, 1.0)), 2)
                stages = [boxes / scale for boxes in stages]
            objects = _to_numpy(sample.gt_instances.bboxes)
            first = stages[0] if proposals is None else proposals[i]
            caps = () if training and proposals is None else proposal_nums
            given = objects, first, stages, self.pos_iou_thrs, caps
            found.append(measure_proposals(*given))
        return found

    def stage_inputs(self) -> list[list[np.ndarray]]:
        """Per image and stage of the latest forward pass: its input boxes.

        (n, 4), xyxy, pixels of the resized image, in the order in which the
        stage got them; none if a batch without boxes did not reach it.
        """
        none = torch.zeros(0, 5)
        stages = [
            _to_numpy(self._rois.get(stage, none))
            for stage in range(len(self.pos_iou_thrs))
        ]
        return [
            [rois[rois[:, 0] == image, 1:] for rois in stages]
            for image in range(len(self._samples))
        ]

    @torch.no_grad()
    def training_proposals(self) -> list[np.ndarray] | None:
        """Per image of the latest training pass: proposals before sampling.

        The RoI head replaces them by samples before anything can be recorded,
        so that they are made once more from the recorded output of the RPN,
        by the call and with the config that training makes them.

        (n, 4), xyxy, pixels of the resized image, by falling score. None if
        the detector has no RPN of the common kind.
        """
        if self._rpn_output is None:
            return None
        detector = self._detector
        results = detector.rpn_head.predict_by_feat(
            *self._rpn_output,
            batch_img_metas=[sample.metainfo for sample in self._samples],
            cfg=detector.train_cfg.get('rpn_proposal', detector.test_cfg.rpn),
        )
        return [_to_numpy(result.bboxes) for result in results]

    def _start(self, *call: object) -> None:
        self._rois: dict[int, Tensor] = {}
        self._rpn_output: tuple | None = None
        self._samples: list[DetDataSample] = []
        if self.recording and call:
            _, args, kwargs = call
            self._samples = kwargs.get('data_samples') or args[1]

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


def _to_numpy(boxes: object) -> np.ndarray:
    return get_box_tensor(boxes).detach().float().cpu().numpy()


def _pos_iou_thrs(roi_head: nn.Module, num_stages: int) -> tuple[float, ...]:
    """What each stage's assigner calls positive."""
    config = roi_head.train_cfg or [{}] * num_stages
    stages = config if isinstance(config, (list, tuple)) else [config]
    assigners = [stage.get('assigner', {}) for stage in stages]
    return tuple(one.get('pos_iou_thr', 0.5) for one in assigners)
