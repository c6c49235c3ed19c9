"""The detections of a whole data set as a few arrays."""

import json
from dataclasses import dataclass, fields, replace
from os import PathLike

import numpy as np

from ...utils.boxes import xywh_to_xyxy, xyxy_to_xywh
from ...utils.files import require_file
from ...utils.groups import RowGroups, find_positions, group_rows
from ...utils.texts import read_text
from .ground_truth import GroundTruth, refuse_rows, to_integers

# A mean of three softmax scores may exceed 1 by a rounding error.
_SCORE_TOLERANCE = 1e-6


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
                if it lacks one.
        """
        name = 'detections' if isinstance(source, list) else str(source)
        items = source if isinstance(source, list) else _read_json(name)
        try:
            xywh = np.array([item['bbox'] for item in items], np.float64)
            xywh = xywh.reshape(len(items), 4)
            scores = np.array([item['score'] for item in items], np.float64)
            image_ids, categories = (
                to_integers([item[key] for item in items], key)
                for key in ('image_id', 'category_id')
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f'{name} must hold image_id, category_id, bbox of four numbers'
                f' and score, but {type(error).__name__}: {error}.'
            ) from error
        known = ground_truth.category_ids
        labels = find_positions(categories, known)
        if unknown := np.unique(categories[labels < 0]).tolist():
            raise ValueError(
                f'{name}: category_id must be one of the ground truth, '
                f'{known.tolist()}, but got {unknown}.'
            )
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

    def validate(self, ground_truth: GroundTruth) -> None:
        """Refuse what would be scored wrongly with a ValueError."""
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
            'have a box with x1 <= x2 and y1 <= y2': (
                (self.xywh[:, 2:] >= 0).all(axis=1)
            ),
            'have a score from 0 to 1, after sigmoid or softmax': (
                (scores >= 0) & (scores <= 1 + _SCORE_TOLERANCE)
            ),
        }
        refuse_rows(self, 'detection', rules)


def _read_json(path: str) -> list:
    require_file(path, 'detections')
    content = None
    try:
        content = json.loads(read_text(path))
        fault = f'holds a {type(content).__name__}'
    except ValueError as error:
        fault = f'cannot be parsed: {error}'
    if not isinstance(content, list):
        raise ValueError(
            f'{path} must be a JSON list of results, but {fault}.'
        )
    return content
