"""What is known of each image so far, on disk as soon as it is known."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..utils.files import naming, whole_file
from ..visualization.dense_picture import PictureBoxes


class PredictionRecord:
    """The boxes of finished images, a line of JSON each, appended.

    A stopped run loses at most the images of the batch in hand. The first
    line holds the settings: another run that would give other boxes may not
    go on here.

    Args:
        path (Path): The file; made, with its folder, if absent.
        settings (dict): Texts and numbers by name.

    Raises:
        ValueError: If the file is of other settings, or is another file.

    Example:
        >>> record = PredictionRecord(path, dict(weights='a.pth'))
        >>> record.add('a.jpg', (640, 480), boxes, stamp)
    """

    def __init__(self, path: Path, settings: dict) -> None:
        self.path = path
        self._found: dict[str, tuple[list, tuple[int, int], PictureBoxes]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = self._read(settings) if path.exists() else 0
        if path.exists():  # what a killed run left of its last line
            os.truncate(path, whole)
        if not whole:
            self._append(settings)

    def add(
        self,
        name: str,
        size: tuple[int, int],
        found: PictureBoxes,
        stamp: Sequence[int],
    ) -> None:
        """Keep the boxes of an image; ``size`` is (width, height)."""
        columns = dict(
            boxes=[_short(box, '.6g') for box in found.boxes],
            scores=_short(found.scores, '.9g'),
            labels=found.labels.tolist(),
        )
        line = dict(image=name, size=size, stamp=list(stamp), **columns)
        self._append(line)
        self._found[name] = _parse(line)

    def has(self, name: str, stamp: Sequence[int]) -> bool:
        """Whether the image is finished and its file is still the same."""
        return name in self._found and self._found[name][0] == list(stamp)

    def __getitem__(self, name: str) -> tuple[tuple[int, int], PictureBoxes]:
        """Width and height of a finished image, and its boxes."""
        return self._found[name][1:]

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def _append(self, line: dict) -> None:
        with naming(self.path), open(self.path, 'a', encoding='utf-8') as file:
            file.write(json.dumps(line) + '\n')

    def _read(self, settings: dict) -> int:
        """Take in the whole lines; how many bytes they have."""
        whole = 0
        with open(self.path, 'rb') as file:
            for number, text in enumerate(file):
                if not text.endswith(b'\n'):
                    break
                try:
                    line = json.loads(text)
                    if number:
                        self._found[line['image']] = _parse(line)
                    else:
                        self._compare(line, settings)
                except (
                    AttributeError,
                    KeyError,
                    TypeError,
                    json.JSONDecodeError,
                ) as error:
                    raise ValueError(
                        f'{self.path}, line {number + 1} must be one of a '
                        'prediction. Remove the file to start again.'
                    ) from error
                whole += len(text)
        return whole

    def _compare(self, known: dict, settings: dict) -> None:
        for name, value in settings.items():
            if known.get(name) != value:
                raise ValueError(
                    f'{self.path.parent} must hold results of the same '
                    f'{name}, {value!r}, but they are of '
                    f'{known.get(name)!r}. Choose another --out.'
                )


def make_folder(folder: str | os.PathLike) -> None:
    """An OSError before the work if nothing can be written there."""
    trial = Path(folder) / '.writable'
    with whole_file(trial) as part:
        part.touch()
    trial.unlink()


def file_stamp(path: str | os.PathLike) -> tuple[int, int]:
    """Size and time of change, or zeros for no file: has it been replaced?"""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # the second: a zero byte in the name
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _short(values: np.ndarray, form: str) -> list[float]:
    """As few digits as tell float32 numbers apart, or place a box."""
    return [float(format(value, form)) for value in values.tolist()]


def _parse(line: dict) -> tuple[list, tuple[int, int], PictureBoxes]:
    boxes = PictureBoxes(
        np.array(line['boxes'], np.float64).reshape(-1, 4),
        np.array(line['labels'], np.int64),
        np.array(line['scores'], np.float64),
    )
    return line['stamp'], tuple(line['size']), boxes
