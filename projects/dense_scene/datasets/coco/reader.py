"""COCO JSON files, decoded by type into columns."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
import numpy as np

from ...utils.file_names import name_fault
from ...utils.groups import find_positions
from ...utils.ids import number_ids
from ...utils.texts import decode_json
from ..importers.recognize import recognize_json
from .annotations import REPAIRS, Id, decode_annotation, decode_annotations

_CONVERT = (
    'Convert the file with the folder of the images (dense-scene convert '
    '--images), which writes their names and sizes.'
)
_LONGEST_ID = 1023  # a column of texts is as wide as the longest one
_Side = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class _Image(msgspec.Struct):
    id: Id
    file_name: str = ''
    height: _Side | None = None
    width: _Side | None = None


class _Category(msgspec.Struct):
    id: Id
    name: str | int
    supercategory: str | int | None = None


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category]
    # A test set as it is published has none.
    annotations: list[msgspec.Raw] = []


class CocoFile(NamedTuple):
    """M images, K categories and N annotations, in the order of the file.

    Attributes:
        image_ids (np.ndarray): (M,) int64; str if one is no such integer.
        file_names (list[str]): M names, '' where there is none.
        sizes (np.ndarray): (M, 2) int32, height and width, 0 where absent.
        category_ids (np.ndarray): (K,) int64, by :func:`number_ids`.
        classes (list[str]): K names of categories, each once.
        image_of_box (np.ndarray): (N,) int64, position of the image.
        category_of_box (np.ndarray): (N,) int64, position of the category.
        numbers (np.ndarray): (N,) int64, the annotation in the file, from 1.
        boxes (np.ndarray): (N, 4) float64, xywh, pixels.
        areas (np.ndarray): (N,) float64, width times height where absent.
        crowd, ignore (np.ndarray): (N,) bool.
        parents (list[str]): K names, the ``supercategory`` of each category.
        notes (list[str]): What was repaired, a line each.
    """

    image_ids: np.ndarray
    file_names: list[str]
    sizes: np.ndarray
    category_ids: np.ndarray
    classes: list[str]
    image_of_box: np.ndarray
    category_of_box: np.ndarray
    numbers: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    crowd: np.ndarray
    ignore: np.ndarray
    parents: list[str]
    notes: list[str]


def read_coco_json(
    path: str, needs: Sequence[str] = (), any_name: bool = False
) -> CocoFile:
    """Read the fields of a COCO file that describe boxes, and check them.

    Numbers and flags may be written as text: ``"0"`` is 0, and false. An id
    is a number if it is written as Python writes it (``"7"`` is 7, while
    ``"007"`` is a name). A number with a fraction is no size and no id. Sizes
    and areas that are absent, null or 0 are not known. A box around polygons
    takes the place of one that is not there, and the upright one around it
    that of a box that is turned (CVAT's ``attributes.rotation``). Of
    categories of one name those without a box are left out.

    Args:
        path: The file: UTF-8, or UTF-16 or 32 with a byte order mark.
        needs: Fields that every image must have, of ``file_name``,
            ``height`` and ``width``.
        any_name: Also take file names that lead out of the image folder.
    """
    wanted = f'{path} must be a COCO JSON file'
    with open(path, 'rb') as file:
        data = file.read()
    try:
        content = decode_json(data, _File, wanted, nan=False)
    except ValueError:
        if other := recognize_json(data):
            raise ValueError(f'{wanted}, but {other}.') from None
        raise
    del data
    images, categories = content.images, content.categories
    _check_images(images, path, needs, any_name)
    repairs: Counter = Counter()
    parts = list(decode_annotations(content.annotations, path, repairs))
    numbers = np.concatenate([part.numbers for part in parts])
    places, known = [], []
    for what, items in (('image', images), ('category', categories)):
        known.append(number_ids([i.id for i in items], f'{path}, {what} ids'))
        ids = [getattr(part, f'{what}_ids') for part in parts]
        try:
            places.append(_find(np.concatenate(ids), known[-1], what))
        except KeyError as error:
            row, lost = error.args
            item = decode_annotation(content.annotations[numbers[row] - 1])
            raise ValueError(
                f'{path}, annotation {numbers[row]}, {what}_id must be of a '
                f'known {what}, but got {getattr(item, what + "_id")!r} (so '
                f'in {lost} of {len(numbers)}).'
            ) from None
        except ValueError as error:
            raise ValueError(f'{path}: {error}') from None
    del content  # the text of the file, before the columns are doubled
    boxes, areas, crowd, ignore = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ('boxes', 'areas', 'crowd', 'ignore')
    )
    notes = [f'{repairs[kind]} {REPAIRS[kind]}' for kind in +repairs]
    names = [str(category.name) for category in categories]
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise ValueError(
                f'{path}, category {number} must have a name, but it is blank.'
            )
    kept = _once(names, [c.id for c in categories], places[1], path, notes)
    new = np.full(len(names), -1)
    new[kept] = np.arange(len(kept))
    sizes = [(image.height or 0, image.width or 0) for image in images]
    return CocoFile(
        _ids_of(images, known[0]),
        [image.file_name for image in images],
        np.array(sizes, np.int32).reshape(-1, 2),
        known[1][kept],
        [names[index] for index in kept],
        places[0],
        new[places[1]],
        numbers,
        boxes,
        areas,
        crowd,
        ignore,
        [str(categories[index].supercategory) for index in kept],
        notes,
    )


def _check_images(
    images: list[_Image], path: str, needs: Sequence[str], any_name: bool
) -> None:
    """ValueError for the first image that lacks a field or is misnamed."""
    first: dict[str, int] = {}
    for number, image in enumerate(images, 1):
        name, place = image.file_name, f'{path}, image {number}'
        if lacking := [field for field in needs if not getattr(image, field)]:
            wanted = f'{place} must have {", ".join(needs)}'
            raise ValueError(
                f'{wanted}, but lacks {", ".join(lacking)}.'
                + f' {_CONVERT}' * ('file_name' not in lacking)
            )
        if len(str(image.id)) > _LONGEST_ID:
            raise ValueError(
                f'{place} must have an id of at most {_LONGEST_ID} letters.'
            )
        if not name:
            continue
        if not any_name and (fault := name_fault(name)):
            raise ValueError(
                f'{place} must name a file below the image folder, but '
                f'{name[:80]!r} {fault}. {_CONVERT}'
            )
        if (other := first.setdefault(name, number)) != number:
            raise ValueError(
                f'{place} must have a file name of its own, but {name[:80]!r} '
                f'is that of image {other} too.'
            )


def _ids_of(images: list[_Image], numbers: np.ndarray) -> np.ndarray:
    """The ids as integers, or as text if one of them is none."""
    texts = [str(image.id) for image in images]
    if all(str(n) == text for n, text in zip(numbers.tolist(), texts)):
        return numbers
    return np.array(texts, str)


def _find(ids: np.ndarray, known: np.ndarray, what: str) -> np.ndarray:
    """Where each id stands; KeyError with the first that is not there."""
    if len(np.unique(known)) < len(known):
        raise ValueError(f'every {what} must have an id of its own.')
    positions = find_positions(ids, known)
    if (lost := positions < 0).any():
        raise KeyError(int(np.argmax(lost)), int(lost.sum()))
    return positions


def _once(
    names: list[str],
    ids: list[Id],
    category_of_box: np.ndarray,
    path: str,
    notes: list[str],
) -> np.ndarray:
    """The categories to keep: of those of one name the one with boxes."""
    of_name: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        of_name.setdefault(name, []).append(index)
    counts = np.bincount(category_of_box, minlength=len(names))
    keep = np.ones(len(names), bool)
    for name, indices in of_name.items():
        if len(indices) == 1:
            continue
        used = [index for index in indices if counts[index]]
        twice = f'categories {[ids[index] for index in indices]}'
        if len(used) > 1:
            raise ValueError(
                f'{path}: every category must have a name of its own, but '
                f'{twice} are all called {name!r}. Rename them, or give '
                'their objects one id.'
            )
        keep[indices] = False
        keep[(used or indices)[0]] = True
        notes.append(
            f'{twice} are all called {name!r}: the one with objects is kept'
        )
    return np.flatnonzero(keep)
