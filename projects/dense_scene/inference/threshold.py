"""The score from which on a detection counts, kept beside its weights."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..evaluation.counting import best_score_thr, count_above, count_errors
from ..evaluation.stored.detection_file import describe_file
from ..utils import checks
from ..utils.files import write_text

DEFAULT = 0.5


class Threshold(NamedTuple):
    """A score, and in a few words how it was chosen."""

    score: float
    chosen_by: str


def calibrate(
    images: np.ndarray, scores: np.ndarray, true: np.ndarray
) -> dict[str, float]:
    """The threshold of least counting error on these images.

    Choose it on validation data: on the images that it was chosen on, the
    error is smaller than it will be.

    Args:
        images (np.ndarray): (N,), index of the image of each detection.
        scores (np.ndarray): (N,).
        true (np.ndarray): (M,), objects of each image.

    Returns:
        dict[str, float]: ``score_thr``, and the mean absolute error there,
        ``MAE``, and at 0.5, ``MAE@0.5``.
    """
    chosen = best_score_thr(images, scores, true)
    errors = [
        count_errors(count_above(images, scores, len(true), thr), true)['MAE']
        for thr in (chosen, DEFAULT)
    ]
    return {'score_thr': chosen, 'MAE': errors[0], 'MAE@0.5': errors[1]}


def threshold_path(weights: str | Path) -> Path:
    """``epoch_5.counting.json`` of ``epoch_5.pth``."""
    return Path(weights).with_suffix('.counting.json')


def save_threshold(
    weights: str | Path, values: dict, exported_from: str | None = None
) -> Path:
    """Write what :func:`calibrate` gave and what it was chosen on.

    Args:
        weights (str | Path): The checkpoint; the file names its SHA-256.
        values (dict): With ``score_thr``; what JSON can hold.
        exported_from (str, optional): Of an exported model: the SHA-256 of
            its checkpoint, whose threshold this is as well.
    """
    path = threshold_path(weights)
    known = describe_file('weights', str(weights))
    if exported_from:
        known['exported_from'] = exported_from
    write_text(path, [json.dumps({**values, **known}, indent=1), '\n'])
    return path


def read_threshold(
    weights: str | Path,
    given: float | None = None,
    exported_from: str | None = None,
) -> Threshold:
    """The given score, else that of :func:`save_threshold`, else 0.5.

    A model and what was exported from it share their threshold. ValueError if
    the file beside the weights is of others with their name.
    """
    if given is not None:
        return Threshold(checks.number('score_thr', given, '[0, 1]'), 'given')
    path = threshold_path(weights)
    if not path.is_file():
        return Threshold(DEFAULT, 'default, not calibrated')
    try:
        values = json.loads(path.read_text(encoding='utf-8'))
        known = {values['weights_sha256'], values.get('exported_from')}
        source = f'{path.name}, on {values["ann_file"]}'
        score = values['score_thr']
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{path} must be what dense-scene calibrate wrote. Run it again.'
        ) from error
    digest = describe_file('weights', str(weights))['weights_sha256']
    if known.isdisjoint({digest, exported_from} - {None}):
        raise ValueError(
            f'{path} must belong to {weights}, but was chosen for other '
            'weights of that name. Run dense-scene calibrate, or give '
            '--score-thr.'
        )
    return Threshold(checks.number('score_thr', score, '[0, 1]'), source)
