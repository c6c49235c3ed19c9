"""One image of an evaluation, small enough to be sent between processes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..datasets.annotation_columns import AnnotationColumns
from .tables.detections import Detections
from .tables.ground_truth import GroundTruth, to_integers


@dataclass(frozen=True, eq=False)
class ImageResult:
    """Detections of one image, and its ground truth where it came along.

    Args:
        image_id (int): Of the data set.
        size (tuple[int, int]): Height and width, pixels.
        boxes (np.ndarray): (n, 4), xyxy, pixels of the original image.
        scores (np.ndarray): (n,).
        labels (np.ndarray): (n,) int32.
        truth (dict[str, np.ndarray], optional): ``boxes`` (m, 4) float64,
            ``labels`` and ``ignored`` (m,). Defaults to None.
    """

    image_id: int
    size: tuple[int, int]
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    truth: dict[str, np.ndarray] | None = None

    @classmethod
    def from_sample(cls, sample: dict, with_truth: bool) -> 'ImageResult':
        """Take what counts out of a data sample.

        Args:
            sample (dict): Of mmdet, with ``pred_instances``.
            with_truth (bool): Also take ``instances``, which are in the frame
                of the original image whatever the pipeline does
                (``gt_instances`` may be resized).

        Raises:
            ValueError: If the image id is no integer, or the ground truth is
                missing.
        """
        found = sample['pred_instances']
        return cls(
            to_integers([sample['img_id']], 'img_id').item(),
            tuple(sample['ori_shape'][:2]),
            _to_numpy(found['bboxes']),
            _to_numpy(found['scores']),
            found['labels'].cpu().numpy().astype(np.int32),
            _read_truth(sample) if with_truth else None,
        )


def _to_numpy(values: Tensor) -> np.ndarray:
    """Half precision becomes float32, which NumPy can hold."""
    dtype = torch.promote_types(values.dtype, torch.float32)
    return values.detach().to('cpu', dtype).numpy()


def _read_truth(sample: dict) -> dict[str, np.ndarray]:
    if 'instances' not in sample:
        raise ValueError(
            'DenseCocoMetric must get the ground truth, but it has no '
            "ann_file, no DetectionCapHook that takes the data set's, and the "
            "data samples no 'instances'. Add the hook or ann_file."
        )
    items = sample['instances']
    boxes = np.array([item['bbox'] for item in items], np.float64)
    return dict(
        boxes=boxes.reshape(-1, 4),
        labels=np.array([item['bbox_label'] for item in items], np.int32),
        ignored=np.array([i.get('ignore_flag', 0) for i in items], bool),
    )


def join_detections(results: Sequence[ImageResult]) -> Detections:
    """The detections of all images, of which there is at least one."""
    counts = [len(result.scores) for result in results]
    return Detections(
        np.repeat([result.image_id for result in results], counts),
        np.concatenate([result.boxes for result in results]),
        np.concatenate([result.scores for result in results]),
        np.concatenate([result.labels for result in results]),
    )


def join_truth(
    results: Sequence[ImageResult], classes: Sequence[str] | None
) -> GroundTruth:
    """The ground truth of images that brought theirs along.

    Args:
        results (Sequence[ImageResult]): At least one.
        classes (Sequence[str], optional): ``dataset_meta['classes']``.

    Raises:
        ValueError: If the data set names no classes.
    """
    if classes is None:
        raise ValueError(
            'DenseCocoMetric must know the classes, but the data set names '
            'none. Give it metainfo=dict(classes=...).'
        )
    counts = [len(result.truth['labels']) for result in results]
    columns = AnnotationColumns.from_rows(
        [b''] * len(results),
        [result.image_id for result in results],
        np.array([result.size for result in results]),
        np.repeat(np.arange(len(results)), counts),
        **{
            name: np.concatenate([result.truth[name] for result in results])
            for name in ('boxes', 'labels', 'ignored')
        },
    )
    return GroundTruth.from_columns(columns, classes)
