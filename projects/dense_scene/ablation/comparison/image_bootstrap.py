"""The paired bootstrap over images, of rows with several seeds."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...analysis.significance.bootstrap import compare_detections
from ...utils.files import write_text

_CACHE = 'bootstrap.json'


def bootstrap_rows(
    first: Sequence[Path],
    second: Sequence[Path],
    ann_file: Path,
    max_dets: int,
    resamples: int,
    work_dir: Path,
) -> tuple[float, float]:
    """95% interval of the difference of AP, second minus first.

    The files are of the same seeds, in the same order. Each choice of images
    is the same for all pairs, and the difference is the mean over the seeds:
    the interval says how much it depends on the images, for these trained
    models.

    What was computed is kept in ``work_dir`` and found again by the content
    of the files.
    """
    cache = work_dir / _CACHE
    known = json.loads(cache.read_text()) if cache.is_file() else {}
    key = _key([*first, *second, ann_file], max_dets, resamples)
    if key not in known:
        samples = []
        for before, after in zip(first, second):
            pair = str(before), str(after), str(ann_file)
            settings = dict(max_dets=max_dets, resamples=resamples, seed=0)
            samples.append(compare_detections(*pair, **settings).samples)
        # AP is the first column; the same choices were dropped everywhere.
        mean = np.mean([sample[:, 0] for sample in samples], axis=0)
        known[key] = np.quantile(mean, (0.025, 0.975)).tolist()
        write_text(cache, [json.dumps(known)])
    low, high = known[key]
    return low, high


def _key(paths: Sequence[Path], *settings: int) -> str:
    digest = hashlib.sha256(repr(settings).encode())
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
