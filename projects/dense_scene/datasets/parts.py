"""What data sets that join or wrap others consist of."""

from typing import Any


def inner_datasets(dataset: Any) -> list[Any]:
    """What a wrapper of mmengine or mmdet holds; none of a plain data set."""
    inner = getattr(dataset, 'datasets', [getattr(dataset, 'dataset', None)])
    return [item for item in inner if item is not None]


def data_parts(dataset: Any) -> list[Any]:
    """The plain data sets within all wrappers, in order."""
    found = [data_parts(item) for item in inner_datasets(dataset)]
    return sum(found, []) or [dataset]
