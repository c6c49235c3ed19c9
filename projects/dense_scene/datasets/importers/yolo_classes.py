"""The names of the classes of YOLO's text files."""

from pathlib import Path
from typing import Any

import yaml

from ...utils.texts import read_text

CLASS_FILE = 'classes.txt'
# As labelImg, CVAT and darknet, Ultralytics and Roboflow call them.
_FILES = (CLASS_FILE, 'obj.names', 'data.yaml', 'dataset.yaml')
_LEVELS = 3  # the folder of the labels and two above


def read_yolo_classes(source: Path) -> list[str]:
    """The names, of the first file of classes from the labels upwards.

    ``classes.txt`` and ``obj.names`` have a name per line, ``data.yaml`` has
    them under ``names``. FileNotFoundError if there is none.
    """
    folder = source.resolve()
    folders = [folder, *folder.parents][:_LEVELS]
    for path in (folder / name for folder in folders for name in _FILES):
        if path.is_file():
            names = _of_yaml if path.suffix == '.yaml' else _of_lines
            return names(path)
    raise FileNotFoundError(
        f'the classes must be known, but there is no {", ".join(_FILES)} in '
        f'{source} or the two folders above. Write {CLASS_FILE} there, a name '
        'per line, or give the classes (--classes).'
    )


def _of_lines(path: Path) -> list[str]:
    names = [name.strip() for name in read_text(path).rstrip().split('\n')]
    if '' in names:
        # Left out, it would shift the numbers of all that follow.
        place = f'{path}, line {names.index("") + 1}'
        raise ValueError(f'{place} must be the name of a class, but is blank.')
    return names


def _of_yaml(path: Path) -> list[str]:
    """A list, or names by number from 0 without a gap."""
    wanted = f'{path} must have a list of classes as names'
    try:
        # Texts only, as they are written: `no` would be a truth value else.
        content: Any = yaml.load(read_text(path), yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        fault = ' '.join(str(error).split())[:120] or type(error).__name__
        raise ValueError(f'{wanted}, but fails: {fault}.') from None
    names = content.get('names') if isinstance(content, dict) else None
    if isinstance(names, dict):
        numbers = [str(number) for number in range(len(names))]
        if set(names) != set(numbers):
            fault = f'numbers them {", ".join(map(str, names))}'[:120]
            raise ValueError(f'{wanted}, from 0 without a gap, but {fault}.')
        names = [names[number] for number in numbers]
    if not isinstance(names, list) or not names:
        raise ValueError(f'{wanted}, but holds none.')
    if other := [name for name in names if not isinstance(name, str)]:
        kind = type(other[0]).__name__
        raise ValueError(f'{wanted}, each a text, but has a {kind}.')
    return names
