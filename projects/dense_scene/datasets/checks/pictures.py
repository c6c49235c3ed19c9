"""What annotations say of their pictures, against the pictures."""

import os
import os.path as osp
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...utils.file_names import ImageFolder, describe_missing
from ...utils.progress import track_on_stderr
from ..annotation_columns import AnnotationColumns
from ..images.header import PictureHeader, read_picture_header

_LISTED = 5
_LOOKED_AT = 256
_DARK = 32  # of 255: a picture that reaches no further is nearly black


@dataclass(eq=False)
class PictureReport:
    """What was found of the pictures that were looked at."""

    folder: str
    total: int = 0
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)  # (w, h)
    faults: dict[str, str] = field(default_factory=dict)  # by name
    wrong: dict[str, str] = field(default_factory=dict)  # 'is .., not ..'
    causes: Counter = field(default_factory=Counter)  # of the wrong ones
    dark: dict[str, int] = field(default_factory=dict)  # the largest value

    def wrong_sizes(self) -> str:
        """How many pictures have another size, the first ones, and why."""
        if not self.wrong:
            return ''
        listed = '; '.join(
            f'{name} {fault}'
            for name, fault in list(self.wrong.items())[:_LISTED]
        )
        why = ', '.join(f'{n} {cause}' for cause, n in self.causes.items())
        return (
            f'{len(self.wrong)} of {self.total} images have not the size that '
            f'their annotations say: {listed}' + f' ({why})' * bool(why)
        )

    def warnings(self) -> list[str]:
        """What is no fault of a file, a line each."""
        lines = [self.wrong_sizes()] if self.wrong else []
        if self.dark:
            name, value = next(iter(self.dark.items()))
            lines.append(
                f'{len(self.dark)} of {self.total} images have more than 8 '
                f'bits and are nearly black in 8, {name} first, which reaches '
                f'{value} of 255. Stretch their values to 8 bits before '
                'training'
            )
        return lines


def compare_with_pictures(
    folder: str | os.PathLike,
    names: Sequence[str],
    sizes: np.ndarray,
    progress: bool = False,
) -> PictureReport:
    """Read the headers of pictures and compare them with their annotations.

    Args:
        folder: Where the pictures are.
        names: M names below it.
        sizes: (M, 2) height and width that the annotations say, 0 where they
            say nothing.
        progress: Whether to show a bar.
    """
    report = PictureReport(os.fspath(folder), len(names))
    rows = zip(names, np.asarray(sizes).tolist())
    for name, (height, width) in track_on_stderr(
        rows, 'reading image sizes', len(names), progress
    ):
        header = read_picture_header(osp.join(report.folder, name))
        if isinstance(header, str):
            report.faults[name] = header
            continue
        report.sizes[name] = header.size
        if min(height, width) > 0 and header.size != (width, height):
            found = f'{header.size[0]}x{header.size[1]}'
            report.wrong[name] = f'is {found}, not {width}x{height}'
            if cause := _cause(header, (width, height)):
                report.causes[cause] += 1
        value = header.brightest() if header.deep else 255
        if value is None:
            report.faults[name] = 'has more bits than OpenCV decodes'
        elif value < _DARK:
            report.dark[name] = value
    return report


def look_at_folder(
    columns: AnnotationColumns, folder: str, may_lack: bool
) -> list[str]:
    """Warnings of a data set whose images are about to be loaded.

    Looks for every file, and into the headers of up to 256: those of a large
    set take minutes.

    FileNotFoundError if no image is in the folder, or one is not and not
    ``may_lack``; ValueError for files that are no whole images alike.
    """
    names = list(map(os.fsdecode, columns.file_names.tolist()))
    images, lines = ImageFolder(folder), []
    missing = images.missing(names)
    if missing:
        lines.append(describe_missing(images, missing, len(names)))
        if len(missing) == len(names) or not may_lack:
            raise FileNotFoundError(
                f'{lines[0]}. Correct data_root and data_prefix, or the names '
                '(dense-scene convert --images writes those of the files).'
            )
    some = range(0, len(names), max(1, len(names) // _LOOKED_AT))
    rows = [index for index in some if images.holds(names[index])]
    report = compare_with_pictures(
        folder, [names[row] for row in rows], columns.sizes[rows]
    )
    if report.faults:
        name, fault = next(iter(report.faults.items()))
        lines.append(
            f'{len(report.faults)} of {len(rows)} files that were looked at '
            f'in {folder} are no whole images: {name!r} {fault}'
        )
        if len(report.faults) == len(rows) or not may_lack:
            advice = 'Copy them again, or take them out of the annotations.'
            raise ValueError(f'{lines[-1]}. {advice}')
    return lines + report.warnings()


def _cause(header: PictureHeader, said: tuple[int, int]) -> str:
    if said != header.size[::-1]:
        return ''
    if said == header.stored:
        return 'as before the EXIF orientation, which turns the image'
    return 'with width and height exchanged'
