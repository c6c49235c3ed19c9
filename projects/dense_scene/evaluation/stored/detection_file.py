"""Detections in one compact file, to be evaluated again."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import msgspec
import numpy as np

from ...utils import checks
from ...utils.boxes import xywh_to_xyxy, xyxy_to_xywh
from ...utils.files import require_file, whole_file
from ...utils.npz import read_npz
from ...utils.texts import decode_json
from ..tables.detections import Detections
from ..tables.ground_truth import to_integers

ENDINGS = ('.npz',)
_FORMAT = 1
# What the look at its columns raises of a file that is another.
_FAULTS = AttributeError, KeyError, OverflowError, TypeError, ValueError


@dataclass(frozen=True, eq=False)
class DetectionStore:
    """Detections, the images that they were looked for in, and their origin.

    Args:
        detections (Detections): As the detector gave them, NaN included.
        image_ids (np.ndarray, optional): (M,) int64, every image that was
            evaluated, with or without a detection. Defaults to None: not
            known, all of the ground truth.
        meta (dict): What JSON can hold; ``classes`` is read.
    """

    detections: Detections
    image_ids: np.ndarray | None = None
    meta: dict = field(default_factory=dict)


def save_detections(
    path: str | PathLike,
    detections: Detections,
    meta: dict | None = None,
    image_ids: np.ndarray | None = None,
) -> None:
    """Write detections to one compressed ``.npz`` of plain arrays.

    Nothing is rounded: a column is float32 where every value is one, as
    detectors give them, else float64.

    Args:
        path (str | PathLike): Ends with ``.npz``, else ValueError.
        detections, meta, image_ids: See :class:`DetectionStore`.
    """
    checks.suffix('stored detections', path, ENDINGS)
    boxes, xywh = detections.boxes, detections.xywh
    columns: dict[str, Any] = dict(
        format=np.array(_FORMAT),
        meta=np.frombuffer(json.dumps(meta or {}).encode(), np.uint8),
        detection_image_ids=detections.image_ids,
        labels=detections.labels,
        scores=_narrow(detections.scores),
        boxes=_narrow(boxes),
        xywh=_narrow(xywh),
    )
    # Corners or COCO boxes, and both only where one cannot give the other.
    if np.array_equal(xyxy_to_xywh(boxes), xywh, equal_nan=True):
        del columns['xywh']
    elif np.array_equal(xywh_to_xyxy(xywh), boxes, equal_nan=True):
        del columns['boxes']
    if image_ids is not None:
        columns['image_ids'] = to_integers(image_ids, 'image ids')
    # An open file: numpy would append .npz to a name.
    with whole_file(path) as part, open(part, 'wb') as file:
        np.savez_compressed(file, **columns)


def load_detections(path: str | PathLike) -> DetectionStore:
    """Read what :func:`save_detections` wrote; nothing in it is executed."""
    require_file(path, 'stored detections')
    columns = read_npz(path, 'stored detections')
    try:
        form = int(columns['format'])
        if form > _FORMAT:
            raise ValueError(f'format {form} is newer. Update dense_scene')
        meta = decode_json(columns['meta'].tobytes(), dict, 'meta must be {}')
        classes = meta.get('classes')
        if classes is not None:
            msgspec.convert(classes, list[str])
        if 'boxes' not in columns:
            columns['boxes'] = xywh_to_xyxy(columns['xywh'])
        elif 'xywh' not in columns:
            columns['xywh'] = xyxy_to_xywh(columns['boxes'])
        found = Detections(
            columns['detection_image_ids'],
            columns['boxes'],
            columns['scores'],
            columns['labels'],
            columns['xywh'],
        )
        image_ids = columns.get('image_ids')
        if image_ids is not None:
            image_ids = to_integers(image_ids, 'image ids')
        return DetectionStore(found, image_ids, meta)
    except _FAULTS as error:
        reason = str(error) or type(error).__name__
        fault = f'cannot be read: {" ".join(reason.split())}'
        line = f'{path} must hold stored detections, but {fault}.'
        raise ValueError(line) from None


def describe_file(name: str, path: str | None) -> dict[str, str]:
    """The path and, if it is a local file, its SHA-256; nothing for None."""
    if not path:
        return {}
    if not os.path.isfile(path):
        return {name: path}
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return {name: path, f'{name}_sha256': digest.hexdigest()}


def _narrow(column: np.ndarray) -> np.ndarray:
    with np.errstate(over='ignore'):
        narrow = column.astype(np.float32)
    same = np.array_equal(narrow, column, equal_nan=True)
    return narrow if same else column
