"""Names of results, such that every logger of mmengine takes them.

MLflow refuses all but letters, digits, ``_ - . : /`` and blanks; other
loggers make files and folders of them.
"""

import re
from collections.abc import Iterable


def name_classes(classes: Iterable[str]) -> list[str]:
    """The part of a result's name that stands for each class.

    What is no letter, digit, ``_``, ``-`` or ``.`` becomes ``_``, and none at
    the ends. Where nothing is left, or another class is called so already,
    the number of the class is added.

    Example:
        >>> name_classes(['can', 'cup (blue)', 'cup [blue]'])
        ['can', 'cup_blue', 'cup_blue_2']
    """
    names: list[str] = []
    for label, name in enumerate(classes):
        safe = re.sub(r'[^\w.-]+', '_', name).strip('_')
        names.append(f'{safe}_{label}' if safe in ('', *names) else safe)
    return names


def current_name(key: str) -> str:
    """The name of a result that an older version may have logged.

    ``coco/bbox_mAP@300`` of then is ``coco/bbox_mAP_at300`` now.
    """
    return key.replace('@', '_at')
