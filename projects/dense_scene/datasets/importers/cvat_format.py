"""CVAT for images 1.1: one XML file for all images."""

from collections import Counter
from pathlib import Path

import numpy as np

from ...utils.boxes import turned_hulls
from .found_boxes import FoundBoxes
from .xml_files import parse_xml, read_side

_NOTES = dict(
    turned='rotated boxes became the upright boxes around them',
    around='polygons and masks became the boxes around them',
    other='other shapes and tags were left out',
)


def read_cvat(source: Path) -> FoundBoxes:
    """Read boxes, and the boxes around rotated boxes, polygons and masks.

    Other shapes are left out with a count; ``occluded`` and attributes are
    not kept. Classes are the labels of the task in its order, and what else
    occurs.

    hotcoco's ``from_cvat`` (1.3.0) in silence leaves a rotated box upright,
    passes inverted and NaN corners, finds nothing in a file in UTF-16, and
    loses the classes without a box of a job or a project.
    """
    root = parse_xml(source)
    wanted = f'{source} must be an export of CVAT for images 1.1'
    if root.find('track') is not None:
        advice = 'Export the task as CVAT for images or COCO'
        raise ValueError(f'{wanted}, but is one for video. {advice}.')
    if root.tag != 'annotations':
        raise ValueError(f'{wanted}, but has the root {root.tag[:40]!r}.')
    # The points of a skeleton are labels with a parent.
    labels = root.iterfind('meta/*/labels/label')
    labels = [label for label in labels if label.find('parent') is None]
    names = {label.findtext('name'): i for i, label in enumerate(labels)}
    places: list[str] = []
    found, counts = FoundBoxes(places.__getitem__), Counter()
    for image in root.iter('image'):
        place = f'{source}, image {image.get("name")!r}'
        height, width = (
            read_side(image.get(side), place) for side in ('height', 'width')
        )
        found.add_image(image.get('name') or '', height, width)
        for number, shape in enumerate(image, 1):
            if shape.tag not in ('box', 'polygon', 'mask'):
                counts['other'] += 1
                continue
            places.append(f'{place}, {shape.tag} {number}')
            try:
                corners, angle = _corners(shape.tag, shape.attrib)
            except (KeyError, ValueError) as error:
                wanted = f'{places[-1]} must give its corners in numbers'
                given = str(shape.attrib)[:120]
                raise ValueError(f'{wanted}, but has {given}.') from error
            counts['turned'] += angle != 0
            counts['around'] += shape.tag != 'box'
            label = names.setdefault(shape.get('label') or '', len(names))
            found.add_box(corners, label)
    found.classes = list(names)
    found.notes += [
        f'{counts[kind]} {words}'
        for kind, words in _NOTES.items()
        if counts[kind]
    ]
    return found


def _corners(tag: str, item: dict[str, str]) -> tuple[list[float], float]:
    """xyxy of the shape's upright hull, and the angle of a box in degrees."""
    if tag == 'polygon':
        points = [point.split(',') for point in item['points'].split(';')]
        xs, ys = zip(*((float(x), float(y)) for x, y in points))
        return [min(xs), min(ys), max(xs), max(ys)], 0
    if tag == 'mask':
        keys = ('left', 'top', 'width', 'height')
        left, top, width, height = (float(item[key]) for key in keys)
        return [left, top, left + width, top + height], 0
    corners = [float(item[key]) for key in ('xtl', 'ytl', 'xbr', 'ybr')]
    angle = float(item.get('rotation') or 0) % 180
    if not angle:
        return corners, angle
    hull = turned_hulls(np.array([corners]), np.array([angle]))
    return hull[0].tolist(), angle
