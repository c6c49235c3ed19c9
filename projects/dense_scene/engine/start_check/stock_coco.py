"""mmdet's own COCO data set and metric, which go by the order of a file."""

import os
from typing import Any

import msgspec
from mmdet.datasets import CocoDataset
from mmdet.evaluation import CocoMetric

from .findings import Findings, list_few


class _Category(msgspec.Struct):
    name: str


class _File(msgspec.Struct):
    categories: list[_Category]


def check_order(dataset: Any) -> Findings:
    """Whether the labels of a ``CocoDataset`` have the names of its metainfo.

    It counts the categories of its file that ``metainfo`` names, in the order
    of the file, and gives the names in the order of ``metainfo``. Subclasses
    have rules of their own and are left alone.
    """
    path = getattr(dataset, 'ann_file', '')
    if type(dataset) is not CocoDataset or not os.path.isfile(path):
        return Findings()
    classes = list(dataset.metainfo['classes'])
    with open(path, 'rb') as file:
        names = msgspec.json.decode(file.read(), type=_File).categories
    of_file = [item.name for item in names if item.name in classes]
    if of_file == classes[: len(of_file)]:
        return Findings()
    line = (
        f'CocoDataset numbers the categories of {path} in the order of the '
        f'file, {list_few(of_file)}, but metainfo names them '
        f'{list_few(classes)}. Use DenseCocoDataset, or the same order.'
    )
    return Findings(errors=[line])


def match_categories(metric: Any, classes: tuple[str, ...]) -> Findings:
    """Tell a ``CocoMetric`` by name which category each label stands for.

    It would count those of its ``ann_file`` in the order of the file. Other
    metrics, and a file in the order of the classes, are left alone; with
    ``classwise``, whose table follows the ids, another order is refused.
    """
    api = getattr(metric, '_coco_api', None)
    if not isinstance(metric, CocoMetric) or api is None:
        return Findings()
    id_of = {item['name']: item['id'] for item in api.dataset['categories']}
    of_file = [name for name in id_of if name in classes]
    if of_file == list(classes):
        return Findings()
    if metric.classwise:
        line = (
            'CocoMetric with classwise must have an ann_file in the order of '
            f'the classes, {list_few(classes)}, but it is '
            f'{list_few(of_file)}. Use DenseCocoMetric.'
        )
        return Findings(errors=[line])
    # A class that the file does not have can have no object there.
    metric.cat_ids = [
        id_of.get(name, -1 - label) for label, name in enumerate(classes)
    ]
    return Findings()
