"""What DetInferencer wrote: a folder with a JSON file per image."""

import logging
from pathlib import Path, PurePosixPath

import msgspec
import numpy as np
from mmengine.logging import print_log

from ...utils.files import find_files
from ...utils.texts import read_json
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth
from .detection_file import DetectionStore


class _Prediction(msgspec.Struct):
    labels: list[int]
    scores: list[float]
    bboxes: list[tuple[float, float, float, float]]


def read_inferencer_folder(folder: str, truth: GroundTruth) -> DetectionStore:
    """Read ``preds/*.json`` of ``DetInferencer(...)(out_dir=folder)``.

    Each file is named like its image, without the suffix, and has labels,
    scores and xyxy boxes. The images that have one are those evaluated; the
    labels are taken as numbers of the classes of the ground truth.
    """
    preds = Path(folder) / 'preds'
    source = preds if preds.is_dir() else Path(folder)
    files = find_files(source, ('.json',))
    if not files:
        raise ValueError(f'{source} must hold JSON files, but holds none.')
    ids: dict[str, list[int]] = {}
    numbers = truth.columns.image_ids.tolist()
    for name, number in zip(truth.file_names, numbers):
        ids.setdefault(PurePosixPath(name).stem, []).append(number)
    found, wanted = [], 'a prediction of DetInferencer'
    for file in files:
        path = source / file
        fits = ids.get(file.stem, [])
        if len(fits) != 1:
            raise ValueError(
                f'{path} must be called like one image of the ground truth, '
                f'but {len(fits)} are called so.'
            )
        item = read_json(path, _Prediction, wanted)
        lengths = len(item.labels), len(item.scores), len(item.bboxes)
        if len(set(lengths)) > 1:
            raise ValueError(
                f'{path} must have as many labels as scores and bboxes, but '
                f'has {lengths}.'
            )
        found.append((fits[0], item))
    classes = ', '.join(truth.classes[:10])
    print_log(
        f'{source}: labels are taken as numbers of the classes {classes}.',
        'current',
        logging.WARNING,
    )
    counts = [len(item.scores) for _, item in found]
    boxes = [box for _, item in found for box in item.bboxes]
    detections = Detections(
        np.repeat([number for number, _ in found], counts),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array([s for _, item in found for s in item.scores], np.float64),
        np.array([n for _, item in found for n in item.labels], np.int64),
    )
    image_ids = np.array([number for number, _ in found], np.int64)
    return DetectionStore(detections, image_ids)
