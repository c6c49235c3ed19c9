"""From photos to boxes, counts and pictures."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from ..utils import checks
from ..utils.files import whole_file
from ..visualization.dense_picture import PictureBoxes, draw_dense
from .detector import Detector
from .photos import Photos, read_photo
from .prelabels import write_cvat, write_label_studio
from .record import PredictionRecord, file_stamp
from .results import PhotoResult, write_boxes, write_coco_results, write_counts
from .threshold import Threshold

RECORD = 'predictions.jsonl'
PICTURES = 'pictures'


@dataclass(frozen=True)
class Outcome:
    """What became of the photos.

    Args:
        results (list[PhotoResult]): Of those that could be read.
        faults (dict[str, str]): What is wrong with each other one, by name.
    """

    results: list[PhotoResult]
    faults: dict[str, str]


def predict_photos(
    detector: Detector,
    photos: Photos,
    out_dir: str | Path,
    settings: dict,
    batch_size: int = 1,
    progress: bool = True,
) -> Outcome:
    """Look at every photo that is not finished yet.

    Boxes go to ``predictions.jsonl`` after each batch, so that the same call
    goes on where it was stopped. A photo that has changed since is looked at
    again. A broken one is named on the standard error and passed over.

    Args:
        detector (Detector): A model.
        photos (Photos): See :func:`find_photos`.
        out_dir (str | Path): Made if absent.
        settings (dict): What the boxes depend on: another call with the same
            ``out_dir`` must have the same.
        batch_size (int): Photos at a time. Defaults to 1.
        progress (bool): Whether to show a bar with images/s on the standard
            error. Defaults to True.
    """
    checks.positive_integer('batch_size', batch_size)
    faults: dict[str, str] = {}
    stamps = dict(zip(photos.names, map(file_stamp, photos.paths)))
    record = PredictionRecord(Path(out_dir) / RECORD, settings)
    todo = [
        (name, path)
        for name, path in zip(photos.names, photos.paths)
        if not record.has(name, stamps[name])
    ]
    if len(todo) < len(photos):
        done = len(photos) - len(todo)
        print(f'{done} images are finished already', file=sys.stderr)
    with _bar(progress and bool(todo)) as bar:
        task = bar.add_task('images', total=len(todo))
        for start in range(0, len(todo), batch_size):
            batch = todo[start : start + batch_size]
            for name, image, found in _look_at(detector, batch, faults):
                size = image.shape[1], image.shape[0]
                record.add(name, size, found, stamps[name])
            bar.advance(task, len(batch))
    results = [
        PhotoResult(name, path, number, *record[name])
        for name, path, number in zip(photos.names, photos.paths, photos.ids)
        if name not in faults
    ]
    return Outcome(results, faults)


def write_results(
    outcome: Outcome,
    classes: Sequence[str],
    threshold: Threshold,
    out_dir: str | Path,
    category_ids: dict[str, int] | None = None,
    pictures: bool = False,
) -> int:
    """Tables, COCO files, pre-labels and, if asked for, pictures.

    Returns the number of objects in all images.
    """
    folder, results = Path(out_dir), outcome.results
    how = results, classes, threshold
    write_coco_results(folder, results, classes, category_ids)
    write_boxes(folder / 'boxes.csv', *how)
    write_cvat(folder / 'cvat.xml', *how)
    write_label_studio(folder / 'label_studio.json', *how)
    total = write_counts(folder / 'counts.csv', *how)
    for result in results if pictures else ():
        write_picture(folder / PICTURES, result, classes, threshold)
    return total


def write_picture(
    folder: Path,
    result: PhotoResult,
    classes: Sequence[str],
    threshold: Threshold,
) -> None:
    """The boxes that count, drawn by :func:`draw_dense`, as a JPEG."""
    image = read_photo(result.path)
    if isinstance(image, str):  # it was there before
        raise OSError(f'{result.path} {image}.')
    shown = result.above(threshold.score)
    note = f' (score > {threshold.score:.3g})'
    drawn = draw_dense(image[..., ::-1], shown, classes, note=note)
    data = cv2.imencode('.jpg', np.ascontiguousarray(drawn[..., ::-1]))[1]
    # The name may come from a COCO file: nothing is written elsewhere. Its
    # ending stays in it: a.png and a.jpg are two photos.
    parts = PurePosixPath(f'{result.name}.jpg').parts
    inside = [part for part in parts if part not in ('/', '..')]
    with whole_file(folder.joinpath(*inside)) as part:
        part.write_bytes(data.tobytes())


_Found = tuple[str, np.ndarray, PictureBoxes]


def _look_at(
    detector: Detector,
    batch: Sequence[tuple[str, Path]],
    faults: dict[str, str],
) -> Iterator[_Found]:
    """Names, pixels and boxes of those photos that can be read."""
    names, images = [], []
    for name, path in batch:
        image = read_photo(path, **getattr(detector, 'loader', {}))
        if isinstance(image, str):
            _pass_over(name, image, faults)
        else:
            names.append(name)
            images.append(image)
    if images:
        yield from _detect(detector, names, images, faults)


def _detect(
    detector: Detector,
    names: Sequence[str],
    images: Sequence[np.ndarray],
    faults: dict[str, str],
) -> Iterator[_Found]:
    """The boxes of a batch; one by one where the batch as a whole fails."""
    try:
        yield from zip(names, images, detector(images))
    except (cv2.error, ValueError, ZeroDivisionError) as error:
        if len(images) == 1:
            fault = f'cannot be looked at ({" ".join(str(error).split())})'
            if not isinstance(error, ValueError):
                # A side of no pixel is left after it was resized.
                height, width = images[0].shape[:2]
                fault = f'is too narrow for the model: {width} x {height}'
            _pass_over(names[0], fault, faults)
            return
        for name, image in zip(names, images):
            yield from _detect(detector, [name], [image], faults)


def _pass_over(name: str, fault: str, faults: dict[str, str]) -> None:
    faults[name] = fault
    print(f'passed over: {name} {fault}', file=sys.stderr)


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text('' if speed is None else f'{speed:.2f} images/s')


def _bar(shown: bool) -> Progress:
    columns = (*Progress.get_default_columns(), _Speed())
    return Progress(*columns, console=Console(stderr=True), disable=not shown)
