"""Pascal VOC: a folder with one XML file per image."""

import gc
import re
from pathlib import Path

import numpy as np

from ...utils.files import find_files
from ...utils.progress import track_on_stderr
from .found_boxes import FoundBoxes
from .xml_files import line_of, parse_xml, read_side

_CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')


def read_voc(
    source: Path, offset: float = 1, progress: bool = False
) -> FoundBoxes:
    """Read the XML files of a folder and of the folders in it.

    Pascal VOC counts pixels from 1 and names the first and the last one of
    an object: xmin = 1, xmax = 10 are ten pixels, from 0 to 10 as the edges
    of pixels are counted everywhere else. So ``offset`` is taken off xmin
    and ymin, and nothing off xmax and ymax. Many labeling programs write
    edges into the same tags: read those with offset 0.

    ``difficult`` boxes become ignored ones; poses, parts and ``truncated``
    are not kept. Classes are those that occur, by alphabet. An image lies in
    the same sub-folder as its XML file; of a ``filename`` that is a path,
    only the last part counts. Where there is no such image but one that is
    called like the XML, that is taken.

    hotcoco's ``from_voc`` (1.3.0) gives the same boxes, decimals included,
    but in silence skips sub-folders, accepts a file that breaks off and
    takes ``C:\\photos\\a.jpg`` for a name; it has no offset 0 and names a
    byte where this names a line.
    """
    found, files = FoundBoxes(), find_files(source, ('.xml',))
    names: dict[str, int] = {}
    was_enabled = gc.isenabled()
    # A tree of XML has no cycles, but so many objects that the collector
    # would go through everything that is loaded again and again.
    gc.disable()
    try:
        for path in track_on_stderr(
            files, 'reading XML files', len(files), progress
        ):
            _read_file(found, names, source / path, path.parent)
    finally:
        if was_enabled:
            gc.enable()
    found.also = [path.with_suffix('').as_posix() for path in files]
    found.where_image = lambda index: str(source / files[index])
    found.classes = sorted(names)
    rank = {name: place for place, name in enumerate(found.classes)}
    order = np.array([rank[name] for name in names], np.int64)
    found.labels = order[np.asarray(found.labels)]
    starts = np.searchsorted(found.image_of_box, np.arange(len(files)))

    def where(row: int) -> str:
        image = found.image_of_box[row]
        return line_of(source / files[image], 'object', row - starts[image])

    found.where = where
    corners = np.array(found.boxes).reshape(-1, 4)
    found.boxes = corners - [offset, offset, 0, 0]
    found.offset = offset
    if early := int((corners[:, :2] < offset).any(axis=1).sum()):
        found.notes.append(
            f'{early} boxes begin before pixel {offset:g}, which the files '
            'are said to count from: if they hold edges, as those of many '
            'labeling programs, read them with offset 0.'
        )
    return found


def _read_file(
    found: FoundBoxes, names: dict[str, int], path: Path, folder: Path
) -> None:
    root = parse_xml(path)
    if root.tag != 'annotation':
        # Without a box of VOC in it, it would be an image without objects.
        is_cvat = root.tag == 'annotations' and root.find('image') is not None
        raise ValueError(
            f'{path} must be XML of Pascal VOC, whose root is annotation, but '
            f'has the root {root.tag[:40]!r}.'
            + ' It is of CVAT: give the file itself (--from cvat).'
            * is_cvat
        )
    image = re.split(r'[\\/]', (root.findtext('filename') or '').strip())[-1]
    height = read_side(root.findtext('size/height'), str(path))
    width = read_side(root.findtext('size/width'), str(path))
    name = (folder / image).as_posix() if image else ''
    found.add_image(name, height, width)
    for number, item in enumerate(root.iter('object')):
        name = (item.findtext('name') or '').strip()
        difficult = (item.findtext('difficult') or '0').strip()
        # find() with a path is several times slower than two steps.
        bndbox = item.find('bndbox')
        texts = [
            None if bndbox is None else bndbox.findtext(corner)
            for corner in _CORNERS
        ]
        try:
            corners = [float(text) for text in texts]
            is_whole = name and difficult in ('0', '1')
        except (TypeError, ValueError):
            is_whole = False
        if not is_whole:
            fields = dict(zip(_CORNERS, texts), difficult=difficult, name=name)
            raise ValueError(
                f'{line_of(path, "object", number)}: an object must have a '
                f'name, a bndbox and 0 or 1 as difficult, but has {fields}.'
            )
        label = names.setdefault(name, len(names))
        found.add_box(corners, label, difficult == '1')
