"""Detections and ground truth of any file that users have."""

import logging
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from mmengine.logging import print_log

from ...utils import checks
from ...utils.files import require_file, require_own_place
from ..tables.contradictions import warn_of_contradictions, warn_of_detections
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth
from .challenge_csv import read_challenge_csv, write_challenge_csv
from .detection_file import DetectionStore, load_detections
from .inferencer_folder import read_inferencer_folder


def read_evaluation(
    detections: str, ann_file: str
) -> tuple[GroundTruth, DetectionStore]:
    """Read detections and the ground truth of their images.

    Args:
        detections (str): Stored detections (``.npz``), COCO results
            (``.json``), the CSV of the SKU-110K challenge (``.csv``), or the
            folder of predictions that DetInferencer wrote.
        ann_file (str): COCO JSON (``.json``) or annotations of SKU-110K
            (``.csv``), repaired as by :class:`SKU110KDataset`.

    Returns:
        tuple[GroundTruth, DetectionStore]: The ground truth of the images that
        were evaluated; all of them unless the detections name theirs.
    """
    truth, store = _read(detections, ann_file)
    if store.image_ids is not None:
        truth = truth.subset(store.image_ids, ann_file)
    truth.validate(ann_file)
    # NaN is left out with a count by what comes next.
    found, _ = store.detections.drop_nan()
    found.validate(truth, detections)
    warn_of_detections(found, truth, detections)
    return truth, store


def _read(
    detections: str, ann_file: str
) -> tuple[GroundTruth, DetectionStore]:
    """The whole ground truth, and the detections."""
    if Path(detections).is_dir():
        truth = read_ground_truth(ann_file)
        return truth, read_inferencer_folder(detections, truth)
    kind = _kind(detections, 'detections', ('.npz', '.json', '.csv'))
    if kind == '.npz':
        store = load_detections(detections)
        return read_ground_truth(ann_file, store.meta.get('classes')), store
    truth = read_ground_truth(ann_file)
    read = Detections.from_coco if kind == '.json' else read_challenge_csv
    return truth, DetectionStore(read(detections, truth))


def read_ground_truth(
    ann_file: str, classes: Sequence[str] | None = None
) -> GroundTruth:
    """Read COCO JSON, of which some classes only, or a CSV of SKU-110K."""
    if _kind(ann_file, 'ground truth', ('.json', '.csv')) == '.json':
        truth = GroundTruth.from_coco(ann_file, classes)
        warn_of_contradictions(truth, ann_file)
        return truth
    # Here, since pandas takes half a second to load.
    from ...datasets.sku110k.reader import (
        CLASSES,
        read_sku110k_csv,
        repair_boxes,
    )

    columns = read_sku110k_csv(ann_file)
    truth = GroundTruth.from_columns(columns, CLASSES)
    warn_of_contradictions(truth, ann_file)
    columns, changes = repair_boxes(columns)
    print_log(f'{Path(ann_file).name}: {changes}.', 'current')
    return GroundTruth.from_columns(columns, CLASSES)


def convert_detections(
    detections: str,
    ann_file: str | None,
    path: str | PathLike,
    target_format: str = 'csv',
    digits: int = 3,
) -> Path:
    """Any stored detections as :func:`write_challenge_csv` writes them.

    'csv' is the only ``target_format`` that has scores.
    """
    checks.choice('the format of detections', target_format, ['csv'])
    checks.choice('digits', digits, range(7))
    if ann_file is None:
        raise ValueError('the ground truth is needed: it names the images.')
    require_own_place(Path(path), (detections, ann_file))
    truth, store = read_evaluation(str(detections), str(ann_file))
    found, nan_boxes = store.detections.drop_nan()
    if nan_boxes:
        left = f'{nan_boxes} detections with NaN or infinity are left out'
        print_log(f'{detections}: {left}.', 'current', logging.WARNING)
    return write_challenge_csv(found, truth, path, digits)


def _kind(path: str, what: str, endings: tuple[str, ...]) -> str:
    kind = checks.suffix(what, path, endings).suffix.lower()
    require_file(path, what)
    return kind
