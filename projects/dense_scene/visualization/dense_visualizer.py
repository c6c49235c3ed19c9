"""The visualizer of hundreds of boxes."""

from typing import Any

import mmcv
import numpy as np
import torch
from matplotlib.axes import Axes
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.dist import master_only
from mmengine.structures import InstanceData

from .dense_picture import PictureBoxes, draw_comparison, draw_dense
from .palette import PALETTE

_SEGMENTS = ('sem_seg', 'panoptic_seg')


@VISUALIZERS.register_module()
class DenseVisualizer(DetLocalVisualizer):
    """Boxes that stay legible when there are hundreds of them.

    Differs from :class:`mmdet.DetLocalVisualizer`: no text lies on an object.
    The number of objects and the meaning of the colors stand in a bar above
    the picture, which so becomes higher; lines, colors and the enlargement
    of small images are those of :func:`draw_dense`. With ground truth and
    predictions there is one picture, not two, of hits, misses, merged objects
    and false alarms: :func:`draw_comparison`. OpenCV draws, not matplotlib;
    benchmarks/draw_boxes.py prints by how much it is faster.

    Colors are those of the house for up to six classes; beyond, those of
    ``dataset_meta['palette']`` where it lists some. Instances with masks, and
    segmentations, are drawn as in mmdet.

    Args:
        kwargs: Of ``DetLocalVisualizer``; its colors, line width and alpha
            count where that draws.

    Example:
        >>> visualizer = dict(
        ...     type='DenseVisualizer',
        ...     vis_backends=[dict(type='LocalVisBackend')],
        ... )
    """

    _is_late = False  # whether matplotlib has an image before this one

    @classmethod
    def get_instance(cls, name: str = 'visualizer', **kwargs: Any):
        """As in mmengine, which has no name for a config without one."""
        return super().get_instance(name, **kwargs)

    @property
    def ax_save(self) -> Axes:
        """The axes on which mmengine draws; get the image when asked for."""
        if self._is_late:
            self._is_late = False
            super().set_image(self._image)
        return self._axes

    @ax_save.setter
    def ax_save(self, axes: Axes) -> None:
        self._axes = axes

    @master_only
    def set_image(self, image: np.ndarray) -> None:
        """As in mmengine, but matplotlib gets it when it draws on it."""
        self._image = image.astype(np.uint8)
        self.height, self.width = image.shape[:2]
        area = self.height * self.width
        self._default_font_size = max(np.sqrt(area) // 90, 10)
        self._is_late = True

    @master_only
    def get_image(self) -> np.ndarray:
        """The drawn image, (H, W, 3), RGB; exactly, where nothing was added.

        mmengine gives matplotlib's picture of it.
        """
        return self._image if self._is_late else super().get_image()

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: DetDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        pred_score_thr: float = 0.3,
        step: int = 0,
    ) -> None:
        """Draw, then show the picture or send it to a file or a backend.

        Args:
            name, draw_gt, draw_pred, show, wait_time, out_file, step: Of
                ``DetLocalVisualizer``.
            image (np.ndarray): (H, W, 3) or (H, W), RGB, 0 to 255.
            data_sample (DetDataSample, optional): Its ``gt_instances`` and
                ``pred_instances`` are drawn, in the frame of the image.
            pred_score_thr (float): Predictions with a score above it are
                drawn and counted. Defaults to 0.3.
        """
        sample = data_sample if data_sample is not None else DetDataSample()
        truth = sample.get('gt_instances') if draw_gt else None
        found = sample.get('pred_instances') if draw_pred else None
        if _needs_mmdet(sample, truth, found):
            how = draw_gt, draw_pred, show, wait_time, out_file
            super().add_datasample(
                name, image, data_sample, *how, pred_score_thr, step
            )
            return
        drawn = self._draw(_to_rgb(image), truth, found, pred_score_thr)
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(drawn[..., ::-1], out_file)
        else:
            self.add_image(name, drawn, step)

    def _draw(
        self,
        image: np.ndarray,
        truth: InstanceData | None,
        found: InstanceData | None,
        score_thr: float,
    ) -> np.ndarray:
        if truth is None and found is None:
            return image
        meta = self.dataset_meta or {}
        classes, colors = meta.get('classes'), meta.get('palette')
        if not isinstance(colors, list) or len(colors) <= len(PALETTE):
            colors = None
        if found is None:
            return draw_dense(image, _read(truth), classes, colors)
        note, shown = f' (score > {score_thr:g})', _read(found, score_thr)
        if truth is None:
            return draw_dense(image, shown, classes, colors, note)
        return draw_comparison(image, shown, _read(truth), note)


def _needs_mmdet(
    sample: DetDataSample,
    truth: InstanceData | None,
    found: InstanceData | None,
) -> bool:
    """Whether there is more than boxes."""
    masks = any(
        part is not None and 'masks' in part for part in (truth, found)
    )
    return masks or any(
        f'{side}_{kind}' in sample
        for side, part in (('gt', truth), ('pred', found))
        for kind in _SEGMENTS
    )


def _read(
    instances: InstanceData, score_thr: float | None = None
) -> PictureBoxes:
    boxes = _to_numpy(instances.bboxes).reshape(-1, 4)
    labels = _to_numpy(instances.labels).astype(np.int64)
    if score_thr is None:
        return PictureBoxes(boxes, labels)
    scores = _to_numpy(instances.scores)
    keep = scores > score_thr
    return PictureBoxes(boxes[keep], labels[keep], scores[keep])


def _to_numpy(values: Any) -> np.ndarray:
    values = getattr(values, 'tensor', values)  # HorizontalBoxes
    if isinstance(values, torch.Tensor):
        values = values.detach().float().cpu().numpy()
    return np.asarray(values)


def _to_rgb(image: np.ndarray) -> np.ndarray:
    if image.dtype != np.uint8:
        image = np.clip(image, 0, 255).astype(np.uint8)
    if image.ndim == 2 or image.shape[2] == 1:
        image = np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    return image
