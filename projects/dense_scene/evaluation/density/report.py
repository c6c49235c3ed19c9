"""Results by how many objects an image holds and how they are packed."""

import json
from dataclasses import asdict, dataclass

import numpy as np
from terminaltables import AsciiTable


@dataclass(frozen=True)
class DensityReport:
    """Results per image and per group of images.

    A group is a quarter of the images (fewer groups where values coincide);
    its name is the range of values in it. Everything is a plain value.

    Args:
        per_image (dict[str, list]): Columns, images by rising id:
            ``image_id``, ``file_name``, ``objects``, ``detections``,
            ``neighbour_iou`` (mean over the objects) and ``AP@<cap>`` (-1
            without objects).
        by_objects (list[dict]): Groups by number of objects: ``range``,
            ``images``, ``objects`` and ``AP@<cap>``.
        by_neighbour_iou (list[dict]): Groups by the mean IoU of an image's
            objects with their nearest neighbour, likewise.
        recall_by_neighbour_iou (list[dict]): Quarters of the objects by that
            IoU: ``range``, ``objects`` and ``AR@<cap>``.
    """

    per_image: dict[str, list]
    by_objects: list[dict]
    by_neighbour_iou: list[dict]
    recall_by_neighbour_iou: list[dict]

    def format(self) -> str:
        """Three tables, at most 79 columns wide for two caps."""
        return '\n'.join(
            _table(title, groups)
            for title, groups in (
                ('AP by objects per image', self.by_objects),
                ('AP by neighbour IoU of images', self.by_neighbour_iou),
                (
                    'AR by neighbour IoU of objects',
                    self.recall_by_neighbour_iou,
                ),
            )
        )

    def save(self, path: str) -> None:
        """Write everything to a JSON file."""
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(asdict(self), file)


def group_by_quarter(values: np.ndarray) -> list[np.ndarray]:
    """Quarters of the values, each as a (N,) bool mask; equal ones together.

    Returns:
        list[np.ndarray]: One to four, none of them empty, low values first;
        no group without values.
    """
    if not len(values):
        return []
    edges = np.quantile(values, (0.25, 0.5, 0.75), method='inverted_cdf')
    group = np.searchsorted(np.unique(edges), values)
    return [group == number for number in np.unique(group)]


def _table(title: str, groups: list[dict]) -> str:
    if not groups:
        return f'{title}: no objects'
    rows = [[_show(value) for value in group.values()] for group in groups]
    table = AsciiTable([list(groups[0]), *rows], title)
    for column in range(1, len(groups[0])):
        table.justify_columns[column] = 'right'
    return table.table


def _show(value: str | float) -> str:
    if not isinstance(value, float):
        return str(value)
    return '-' if value < 0 else f'{value:.3f}'
