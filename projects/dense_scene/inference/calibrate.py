"""Choose the counting threshold of a model on annotated images."""

import os
from pathlib import Path

import numpy as np

from ..evaluation.stored.files import read_ground_truth
from .detector import Detector
from .photos import Photos
from .predict import predict_photos
from .threshold import calibrate, threshold_path


def calibrate_weights(
    detector: Detector,
    weights: str | Path,
    ann_file: str,
    image_dir: str | None,
    settings: dict,
    out_dir: str | Path | None = None,
    batch_size: int = 1,
) -> dict:
    """Look at the images of an annotation file, and choose the threshold.

    Args:
        detector (Detector): The model of ``weights``.
        weights (str | Path): What the threshold will be stored beside.
        ann_file (str): COCO JSON, or a CSV of SKU-110K.
        image_dir (str, optional): Their folder; None: that of the file.
        settings, batch_size: Of :func:`predict_photos`.
        out_dir (str | Path, optional): Where its record is. Defaults to None:
            a folder beside the weights.

    Returns:
        dict: What :func:`calibrate` gives, ``ann_file`` and ``images``.

    Raises:
        ValueError: If an image is broken: its objects would count as missed.
    """
    truth = read_ground_truth(str(ann_file), list(detector.classes))
    folder = Path(image_dir or os.path.dirname(ann_file))
    names = truth.file_names
    ids = list(range(len(names)))
    photos = Photos([folder / name for name in names], names, ids)
    place = out_dir or threshold_path(weights).with_suffix('')
    outcome = predict_photos(detector, photos, place, settings, batch_size)
    if outcome.faults:
        name, fault = next(iter(outcome.faults.items()))
        raise ValueError(
            f'every image of {ann_file} must be readable, but '
            f'{len(outcome.faults)} are not: {name} {fault}.'
        )
    parts = [result.found.scores for result in outcome.results]
    images = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    values = calibrate(images, np.concatenate(parts), truth.counts())
    return {**values, 'ann_file': str(ann_file), 'images': len(parts)}
