"""The detections of a whole data set as a few arrays."""

from dataclasses import dataclass, fields, replace
from os import PathLike
from pathlib import PurePosixPath
from typing import Any

import msgspec
import numpy as np

from ...datasets.importers.recognize import first_of_list, recognize_json
from ...utils.boxes import MAX_COORDINATE, xywh_to_xyxy, xyxy_to_xywh
from ...utils.files import require_file
from ...utils.groups import RowGroups, find_positions, group_rows
from ...utils.ids import number_ids
from ...utils.texts import decode_json
from .ground_truth import GroundTruth, refuse_rows, to_integers

# A mean of three softmax scores may exceed 1 by a rounding error.
_SCORE_TOLERANCE = 1e-6


class _Result(msgspec.Struct, gc=False):
    image_id: int | str
    category_id: int | str
    bbox: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, eq=False)
class Detections:
    """Boxes with scores, in columns; any order, ties keep theirs.

    Args:
        image_ids (np.ndarray): (N,) int64.
        boxes (np.ndarray): (N, 4) float64, xyxy, pixels of the original image.
        scores (np.ndarray): (N,) float64, in 0..1.
        labels (np.ndarray): (N,) int64, index into the classes.
        xywh (np.ndarray, optional): As in :class:`GroundTruth`. Defaults to
            None: made from ``boxes``.
    """

    image_ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    xywh: np.ndarray = None  # type: ignore[assignment]  # made when it is None

    def __post_init__(self) -> None:
        boxes = np.asarray(self.boxes, np.float64).reshape(-1, 4)
        xywh = xyxy_to_xywh(boxes) if self.xywh is None else self.xywh
        columns = dict(
            image_ids=to_integers(self.image_ids, 'image ids'),
            boxes=boxes,
            scores=np.asarray(self.scores, np.float64).reshape(-1),
            labels=to_integers(self.labels, 'labels'),
            xywh=np.asarray(xywh, np.float64).reshape(-1, 4),
        )
        for name, column in columns.items():
            object.__setattr__(self, name, column)
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f'columns must have one length, but {lengths}.')

    @classmethod
    def from_coco(
        cls, source: str | PathLike | list[dict], ground_truth: GroundTruth
    ) -> 'Detections':
        """Read COCO results, a list of dicts or the JSON file of one.

        Args:
            source (str | PathLike | list[dict]): Every dict has ``image_id``,
                ``category_id``, ``bbox`` (xywh) and ``score``.
            ground_truth (GroundTruth): Translates the categories; ValueError
                if it lacks one. Image ids that are none of its ids may be
                the stems of its file names, as some programs write them.
        """
        name = 'detections' if isinstance(source, list) else str(source)
        items = _read_results(source, name)
        boxes = np.array([item.bbox for item in items], np.float64)
        xywh = boxes.reshape(-1, 4)
        image_ids = number_ids([item.image_id for item in items], name)
        image_ids = _match_stems(image_ids, items, ground_truth)
        categories = number_ids([item.category_id for item in items], name)
        known = ground_truth.category_ids
        labels = find_positions(categories, known)
        if (labels < 0).any():
            unknown = {
                str(items[row].category_id)[:80]
                for row in np.flatnonzero(labels < 0)
            }
            raise ValueError(
                f'{name}: category_id must be one of the ground truth, '
                f'{known.tolist()[:20]}, but got {sorted(unknown)[:20]}.'
            )
        scores = np.array([item.score for item in items], np.float64)
        return cls(image_ids, xywh_to_xyxy(xywh), scores, labels, xywh)

    def __len__(self) -> int:
        """Number of detections."""
        return len(self.scores)

    def take(self, rows: np.ndarray) -> 'Detections':
        """These rows (positions or a bool mask), in this order."""
        return replace(
            self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)}
        )

    def group(self, image_ids: np.ndarray) -> RowGroups:
        """The rows of each of these images."""
        return group_rows(self.image_ids, image_ids)

    def drop_nan(self) -> tuple['Detections', int]:
        """Without the rows that hold NaN or infinity, and how many."""
        finite = np.isfinite(self.boxes).all(axis=1) & np.isfinite(self.scores)
        return self.take(finite), int((~finite).sum())

    def validate(self, ground_truth: GroundTruth, name: str = '') -> None:
        """Refuse what would be scored wrongly, with the file's ``name``."""
        num_classes, scores = len(ground_truth.classes), self.scores
        known = ground_truth.columns.image_ids
        rules = {
            'belong to an image of the ground truth': (
                np.isin(self.image_ids, known)
            ),
            f'have one of the {num_classes} classes of the ground truth': (
                (self.labels >= 0) & (self.labels < num_classes)
            ),
            'have a box without NaN or infinity (call drop_nan() first)': (
                np.isfinite(self.boxes).all(axis=1)
            ),
            f'have a box within {MAX_COORDINATE} pixels': (
                (np.abs(self.boxes) <= MAX_COORDINATE).all(axis=1)
            ),
            'have a box with x1 <= x2 and y1 <= y2': (
                (self.xywh[:, 2:] >= 0).all(axis=1)
            ),
            'have a score from 0 to 1, after sigmoid or softmax': (
                (scores >= 0) & (scores <= 1 + _SCORE_TOLERANCE)
            ),
        }
        refuse_rows(self, 'detection', rules, name)


def _read_results(source: Any, name: str) -> list[_Result]:
    if isinstance(source, list):
        try:
            return [_to_result(item) for item in source]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f'{name} must hold image_id, category_id, bbox of four numbers'
                f' and score, but {type(error).__name__}: {error}.'
            ) from None
    require_file(name, 'detections')
    wanted = f'{name} must be a JSON list of results'
    with open(name, 'rb') as file:
        data = file.read()
    try:
        return decode_json(data, list[_Result], wanted)
    except ValueError:
        other = _name_missing(data) or recognize_json(data)
        if b'"annotations"' in data and b'"categories"' in data:
            other = other or 'holds a ground truth. Give the detections'
        if other:
            raise ValueError(f'{wanted}, but {other}.') from None
        raise


def _name_missing(data: bytes) -> str:
    """What the first entry of a list lacks that is nearly one of results."""
    first, wanted = first_of_list(data), _Result.__struct_fields__
    missing = [field for field in wanted if field not in first]
    # Other programs' files and COCO's annotations have their own words.
    ours = {'image_id', 'bbox'} <= first.keys() and 'area' not in first
    if not ours or not missing:
        return ''
    has = ', '.join(list(first)[:8])
    return f'its first entry lacks {", ".join(missing)}: it has {has}'


def _to_result(item: dict) -> _Result:
    """Of a dict, whose values may be NumPy's."""
    x, y, width, height = map(float, item['bbox'])
    return _Result(
        item['image_id'],
        item['category_id'],
        (x, y, width, height),
        float(item['score']),
    )


def _match_stems(
    image_ids: np.ndarray, items: list[_Result], truth: GroundTruth
) -> np.ndarray:
    """Ids that are stems of file names, as the ids of these images."""
    known = truth.columns.image_ids
    lost = ~np.isin(image_ids, known)
    if not lost.any():
        return image_ids
    named: dict[str, list[int]] = {}
    for file_name, number in zip(truth.file_names, known.tolist()):
        name = PurePosixPath(file_name.replace('\\', '/')).name
        for key in {name, PurePosixPath(name).stem} - {''}:
            named.setdefault(key, []).append(number)
    texts = [str(items[row].image_id) for row in np.flatnonzero(lost)]
    fits = [named.get(text, []) for text in texts]
    # Of all or of none: numbers that happen to be stems mean ids.
    if not lost.all() or not all(len(fit) == 1 for fit in fits):
        return image_ids
    return np.array([fit[0] for fit in fits], np.int64)
