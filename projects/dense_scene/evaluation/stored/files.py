"""Detections and ground truth of any file that users have."""

import csv
import os
from collections.abc import Sequence

import numpy as np

from ...datasets.sku110k.sku110k_dataset import SKU110KDataset
from ...utils.groups import find_positions
from ..tables.detections import Detections
from ..tables.ground_truth import GroundTruth
from .detection_file import DetectionStore, load_detections

CHALLENGE_COLUMNS = ('image_name', 'x1', 'y1', 'x2', 'y2', 'score')


def read_evaluation(
    detections: str, ann_file: str
) -> tuple[GroundTruth, DetectionStore]:
    """Read detections and the ground truth of their images.

    Args:
        detections (str): Stored detections (``.npz``), COCO results
            (``.json``) or the CSV of the SKU-110K challenge (``.csv``).
        ann_file (str): COCO JSON (``.json``) or annotations of SKU-110K
            (``.csv``), of which boxes are repaired as in
            :class:`SKU110KDataset`.

    Returns:
        tuple[GroundTruth, DetectionStore]: The ground truth of the images that
        were evaluated; all of them unless the detections name theirs.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file has another ending or content, or the detections
            belong to other images or classes than the ground truth.
    """
    kind = _kind(detections, 'detections', ('.npz', '.json', '.csv'))
    if kind == '.npz':
        store = load_detections(detections)
        truth = read_ground_truth(ann_file, store.meta.get('classes'))
        return _choose_images(truth, store, detections, ann_file), store
    truth = read_ground_truth(ann_file)
    read = Detections.from_coco if kind == '.json' else read_challenge_csv
    return truth, DetectionStore(read(detections, truth))


def read_ground_truth(
    ann_file: str, classes: Sequence[str] | None = None
) -> GroundTruth:
    """Read COCO JSON or a CSV of SKU-110K.

    Args:
        ann_file (str): The file.
        classes (Sequence[str], optional): Of COCO JSON, these only. Defaults
            to None: all.
    """
    if _kind(ann_file, 'ground truth', ('.json', '.csv')) == '.json':
        return GroundTruth.from_coco(ann_file, classes)
    dataset = SKU110KDataset(
        ann_file=ann_file,
        data_prefix=dict(img=''),
        skip_images=(),
        test_mode=True,
    )
    return GroundTruth.from_columns(
        dataset.columns, dataset.metainfo['classes']
    )


def read_challenge_csv(path: str, ground_truth: GroundTruth) -> Detections:
    """Read detections as the SKU-110K challenge takes them.

    One row per detection: ``image_name, x1, y1, x2, y2, score``; a first row
    with these names is skipped.

    Args:
        path (str): The file.
        ground_truth (GroundTruth): Translates the image names.

    Raises:
        ValueError: If a row has other columns, or an unknown image, or the
            ground truth has several classes.
    """
    if len(ground_truth.classes) != 1:
        raise ValueError(
            f'{path} names no classes, so that the ground truth must have '
            f'one, but it has {len(ground_truth.classes)}. Give the '
            'detections as COCO JSON.'
        )
    rows = _read_rows(path)
    numbers = []
    for number, row in rows:
        try:
            x1, y1, x2, y2, score = map(float, row[1:])
            numbers.append((x1, y1, x2, y2, score))
        except ValueError as error:
            raise ValueError(
                f'{path}, row {number} must be '
                f'{", ".join(CHALLENGE_COLUMNS)}, but is {row}. Correct or '
                'delete it.'
            ) from error
    names, name_of_row = np.unique(
        [row[0] for _, row in rows], return_inverse=True
    )
    images = _find_names(names, ground_truth, path)
    boxes, scores = np.split(np.reshape(numbers, (-1, 5)), [4], axis=1)
    return Detections(
        images[name_of_row], boxes, scores, np.zeros(len(rows), np.int64)
    )


def _read_rows(path: str) -> list[tuple[int, list[str]]]:
    """Rows with their numbers, without empty ones and the header."""
    try:
        with open(path, newline='', encoding='utf-8') as file:
            rows = [
                (number, row)
                for number, row in enumerate(
                    csv.reader(file, skipinitialspace=True), 1
                )
                if row
            ]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f'{path} must be a CSV file in UTF-8, but cannot be '
            f'read: {error}. Write it again.'
        ) from error
    header = bool(rows) and tuple(rows[0][1]) == CHALLENGE_COLUMNS
    return rows[header:]


def _find_names(
    names: np.ndarray, ground_truth: GroundTruth, path: str
) -> np.ndarray:
    """The id of the image of each name."""
    table = ground_truth.images
    known = dict(zip(table.file_names.tolist(), table.ids.tolist()))
    unknown = [name for name in names.tolist() if name not in known]
    if unknown:
        raise ValueError(
            f'{path} must name images of the ground truth, but {len(unknown)} '
            f'of {len(names)} are not there, {unknown[0]!r} among them. Give '
            'the ground truth of the same split.'
        )
    return np.array([known[name] for name in names.tolist()], np.int64)


def _choose_images(
    truth: GroundTruth, store: DetectionStore, name: str, ann_file: str
) -> GroundTruth:
    ids = store.image_ids
    if ids is None:
        return truth
    unknown = ids[find_positions(ids, truth.images.ids) < 0]
    if len(unknown):
        raise ValueError(
            f'{ann_file} must list every image of {name}, but lacks '
            f'{len(unknown)} of {len(ids)}, id {unknown[0]} among them. Give '
            'the ground truth of the same split.'
        )
    return truth.subset(ids)


def _kind(path: str, what: str, endings: tuple[str, ...]) -> str:
    ending = os.path.splitext(path)[1].lower()
    if ending not in endings:
        raise ValueError(
            f'{what} must be a file that ends with {", ".join(endings)}, but '
            f'got {path!r}. Rename or convert it.'
        )
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'{what} must be a file, but {path!r} does not exist. Correct the '
            'path.'
        )
    return ending
