"""Results by how many objects an image holds and how they are packed."""

import json
from dataclasses import asdict, dataclass

import numpy as np

from ...utils.files import whole_file
from ...utils.tables import format_table
from ..tables.coco_summary import show_value


@dataclass(frozen=True)
class DensityReport:
    """Results per image and per group of images.

    A group is a quarter of the images (fewer groups where values coincide);
    its name is the range of values in it. Everything is a plain value.

    Args:
        per_image (dict[str, list]): Columns, images by rising id:
            ``image_id``, ``file_name``, ``objects``, ``detections``, mean
            ``neighbor_iou``, ``AP@300`` (-1 without objects) and so on.
        by_objects (list[dict]): Groups by number of objects: ``range``,
            ``images``, ``objects`` and ``AP@300``.
        by_neighbor_iou (list[dict]): Groups by the mean IoU of an image's
            objects with their nearest neighbor, likewise.
        recall_by_neighbor_iou (list[dict]): Quarters of the objects by that
            IoU: ``range``, ``objects`` and ``AR@300``.
    """

    per_image: dict[str, list]
    by_objects: list[dict]
    by_neighbor_iou: list[dict]
    recall_by_neighbor_iou: list[dict]

    def format(self) -> str:
        """Three tables, at most 79 columns wide for two max_dets."""
        tables = {
            'AP by objects per image': self.by_objects,
            'AP by neighbor IoU of images': self.by_neighbor_iou,
            'AR by neighbor IoU of objects': self.recall_by_neighbor_iou,
        }
        return '\n'.join(_table(*item) for item in tables.items())

    def save(self, path: str) -> None:
        """Write everything to a JSON file."""
        with whole_file(path) as part:
            part.write_text(json.dumps(asdict(self)), encoding='utf-8')


def group_by_quarter(values: np.ndarray) -> list[np.ndarray]:
    """Quarters of the values, each as a (N,) bool mask; equal ones together.

    One to four, none of them empty, low values first; none without values.
    """
    if not len(values):
        return []
    edges = np.quantile(values, (0.25, 0.5, 0.75), method='inverted_cdf')
    group = np.searchsorted(np.unique(edges), values)
    return [group == number for number in np.unique(group)]


def _table(title: str, groups: list[dict]) -> str:
    if not groups:
        return f'{title}: no objects'
    rows = [
        [show_value(v) if isinstance(v, float) else v for v in group.values()]
        for group in groups
    ]
    return format_table(list(groups[0]), rows, title)
