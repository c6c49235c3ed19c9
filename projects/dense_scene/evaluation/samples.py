"""Images of an evaluation, small enough to be sent between processes."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..datasets.annotation_columns import AnnotationColumns
from ..utils.groups import find_positions
from ..utils.ids import number_ids
from .tables.detections import Detections
from .tables.ground_truth import GroundTruth


def read_sample(sample: dict, with_truth: bool) -> tuple:
    """Take what counts out of a data sample.

    Args:
        sample (dict): Of mmdet, with ``pred_instances``.
        with_truth (bool): Also take ``instances``, which are in the frame of
            the original image whatever the pipeline does (``gt_instances`` may
            be resized).

    Returns:
        tuple: Image id, boxes (n, 4), scores (n,) and labels (n,) of the
        detections, height and width of the image as it was loaded, and
        :class:`AnnotationColumns` of one image, or None.
    """
    if with_truth and 'instances' not in sample:
        raise ValueError(
            'ground truth must come from DetectionCapHook, ann_file or '
            "'instances' of the samples. Add the hook or ann_file."
        )
    image_id, found = sample['img_id'], sample['pred_instances']
    return (
        number_ids([image_id], 'img_id').item(),
        _to_numpy(found['bboxes']),
        _to_numpy(found['scores']),
        found['labels'].cpu().numpy().astype(np.int32),
        tuple(sample.get('ori_shape', (0, 0))[:2]),
        _to_columns(sample, image_id) if with_truth else None,
    )


def join_detections(samples: Sequence[tuple]) -> Detections:
    """The detections of at least one :func:`read_sample`."""
    ids, boxes, scores, labels, *_ = zip(*samples)
    image_ids = np.repeat(ids, [len(item) for item in scores])
    return Detections(image_ids, *map(np.concatenate, (boxes, scores, labels)))


def unique_images(samples: Sequence[tuple]) -> np.ndarray:
    """The sorted image ids of :func:`read_sample`; none may come twice."""
    ids, counts = np.unique([s[0] for s in samples], return_counts=True)
    if not len(ids) or counts.max() > 1:
        fault = 'there are none'
        if len(ids):
            fault = f'{ids[counts.argmax()]} came {counts.max()} times'
        raise ValueError(f'metrics must get every image once, but {fault}.')
    return ids


def describe_other_sizes(samples: Sequence[tuple], truth: GroundTruth) -> str:
    """How many images were loaded at another size than annotated, or ''.

    Of :func:`read_sample`; sizes of 0 are not known.
    """
    rows = find_positions(
        np.array([sample[0] for sample in samples], np.int64),
        truth.columns.image_ids,
    )
    loaded = np.array([sample[4] for sample in samples], np.int64)
    said = truth.columns.sizes[rows]
    known = (rows >= 0) & (said > 0).all(axis=1) & (loaded > 0).all(axis=1)
    wrong = known & (said != loaded).any(axis=1)
    if not wrong.any():
        return ''
    first = int(np.argmax(wrong))
    (height, width), (h, w) = loaded[first].tolist(), said[first].tolist()
    swapped = int((wrong & (said == loaded[:, ::-1]).all(axis=1)).sum())
    why = f' ({swapped} with width and height exchanged, as before an EXIF '
    why += 'orientation is applied)'
    return (
        f'{wrong.sum()} of {len(samples)} images have not the size that their '
        f'annotations say: {truth.file_names[rows[first]]!r} is '
        f'{width}x{height}, not {w}x{h}' + why * bool(swapped) + '.'
    )


def _to_numpy(values: Tensor) -> np.ndarray:
    """Half precision becomes float32, which NumPy can hold."""
    dtype = torch.promote_types(values.dtype, torch.float32)
    return values.detach().to('cpu', dtype).numpy()


def _to_columns(sample: dict, image_id: int) -> AnnotationColumns:
    items = sample['instances']
    boxes = np.array([item['bbox'] for item in items], np.float64)
    return AnnotationColumns.from_rows(
        [b''],
        [image_id],
        np.array([sample['ori_shape'][:2]]),
        np.zeros(len(items), np.int64),
        boxes.reshape(-1, 4),
        np.array([item['bbox_label'] for item in items], np.int32),
        np.array([item.get('ignore_flag', 0) for item in items], bool),
    )
