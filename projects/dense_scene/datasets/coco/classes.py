"""Which categories of a COCO file are classes, and their labels, by name."""

import logging
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
from mmengine.logging import print_log

from .reader import CocoFile


def group_categories(file: CocoFile) -> np.ndarray:
    """(K,) bool, which categories only group others and are no classes.

    Such a category is the ``supercategory`` of another one and has no
    annotation: exporters such as Roboflow's put the name of the project in
    front of the classes like this.
    """
    counts = np.bincount(file.category_of_box, minlength=len(file.classes))
    children = Counter(file.parents)
    above = [
        children[name] > (name == parent)  # of others, not of itself
        for name, parent in zip(file.classes, file.parents)
    ]
    return np.array(above, bool) & (counts == 0)


def describe_groups(file: CocoFile) -> list[str]:
    """A line that names those of :func:`group_categories`, if any."""
    groups = np.array(file.classes, object)[group_categories(file)].tolist()
    line = f'{groups} only group other categories and are no classes'
    return [f'{line}; metainfo classes can choose them'] if groups else []


def number_classes(
    file: CocoFile, path: str, wanted: Sequence[str] | str | None = None
) -> tuple[tuple[str, ...], np.ndarray]:
    """The classes, and the label of every category, -1 for none.

    Args:
        file (CocoFile): What ``path`` holds.
        path (str): For messages.
        wanted (Sequence[str] | str, optional): The classes to use, in the
            order of their labels, whatever that of the file is. ValueError
            for a name that the file does not have. Defaults to None: all
            categories but those of :func:`group_categories`, in the order
            of the file.

    Returns:
        tuple[tuple[str, ...], np.ndarray]: K names, and (C,) int32 for the C
        categories.
    """
    names = file.classes
    if wanted is None:
        groups = group_categories(file)
        wanted = [n for n, group in zip(names, groups) if not group]
    elif isinstance(wanted, str):  # ('cell') instead of ('cell', )
        wanted = (wanted,)
    known = set(names)
    if unknown := [name for name in wanted if name not in known]:
        near = get_close_matches(unknown[0], names, 1)
        hint = f' Is {near[0]!r} meant?' if near else ''
        raise ValueError(
            f"metainfo['classes'] must be categories of {path}, {names}, but "
            f'got {unknown}.{hint} Without it all are used.'
        )
    if twice := [name for name, n in Counter(wanted).items() if n > 1]:
        rule = 'every class must have a name of its own'
        raise ValueError(f'{rule}, but {twice[0]!r} occurs twice.')
    labels = {name: label for label, name in enumerate(wanted)}
    return tuple(wanted), np.array(
        [labels.get(n, -1) for n in names], np.int32
    )


def match_classes(
    file: CocoFile, classes: Sequence[str], path: str
) -> np.ndarray:
    """The label of every category among the classes of a detector, by name.

    The file may lack some of them. Objects of other classes are left out
    (label -1), with a warning. ValueError if both is so: then names differ.
    """
    labels = {name: label for label, name in enumerate(classes)}
    matched = np.array([labels.get(n, -1) for n in file.classes], np.int32)
    lost = np.bincount(file.category_of_box, minlength=len(matched))
    lost[matched >= 0] = 0
    others = [file.classes[k] for k in np.flatnonzero(lost)]
    known = set(file.classes)
    missing = [name for name in classes if name not in known]
    if others and missing:
        raise ValueError(
            f'{path} must have the classes that the detector predicts, but '
            f'lacks {missing}; it has {others} instead.'
        )
    if others:
        print_log(
            f'{path}: left out {lost.sum()} objects of {others}, which the '
            'detector does not predict.',
            'current',
            logging.WARNING,
        )
    return matched
