"""Boxes as a start for people who label: CVAT and Label Studio."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from ..utils.files import whole_file, write_text
from .results import PhotoResult
from .threshold import Threshold

# What XML cannot hold, bytes of names that are not UTF-8 among it.
_UNFIT = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')


def write_cvat(
    path: Path,
    results: Sequence[PhotoResult],
    classes: Sequence[str],
    threshold: Threshold,
) -> None:
    """CVAT for images 1.1: "Upload annotations" of a task with these images.

    The task must have a label of each class. Boxes are ``source="auto"``.
    """
    root = ElementTree.Element('annotations')
    ElementTree.SubElement(root, 'version').text = '1.1'
    task = ElementTree.SubElement(ElementTree.SubElement(root, 'meta'), 'task')
    labels = ElementTree.SubElement(task, 'labels')
    for name in classes:
        label = ElementTree.SubElement(labels, 'label')
        ElementTree.SubElement(label, 'name').text = name
    for number, result in enumerate(results):
        image = ElementTree.SubElement(
            root,
            'image',
            id=str(number),
            name=_UNFIT.sub('?', result.name),
            width=str(result.size[0]),
            height=str(result.size[1]),
        )
        found = result.above(threshold.score)
        for box, label in zip(found.boxes.tolist(), found.labels.tolist()):
            corners = zip(('xtl', 'ytl', 'xbr', 'ybr'), box)
            ElementTree.SubElement(
                image,
                'box',
                label=classes[label],
                source='auto',
                occluded='0',
                z_order='0',
                **{name: f'{value:.2f}' for name, value in corners},
            )
    ElementTree.indent(root, ' ')
    with whole_file(path) as part:
        ElementTree.ElementTree(root).write(
            part, encoding='utf-8', xml_declaration=True
        )


def write_label_studio(
    path: Path,
    results: Sequence[PhotoResult],
    classes: Sequence[str],
    threshold: Threshold,
) -> None:
    """Label Studio's JSON: tasks with predictions, places in percent.

    For ``<RectangleLabels name="label" toName="image">`` and
    ``<Image name="image" value="$image">``; images are served from local
    files below the folder of the input.
    """
    tasks = [
        dict(
            data=dict(image=_local_file(result.name)),
            predictions=[
                dict(
                    model_version='dense-scene',
                    result=_rectangles(result, classes, threshold),
                )
            ],
        )
        for result in results
    ]
    write_text(path, [json.dumps(tasks, indent=1), '\n'])


def _local_file(name: str) -> str:
    return '/data/local-files/?d=' + quote(name, errors='replace')


def _rectangles(
    result: PhotoResult, classes: Sequence[str], threshold: Threshold
) -> list[dict]:
    width, height = result.size
    found = result.above(threshold.score)
    assert found.scores is not None
    rows = zip(found.boxes.tolist(), found.labels, found.scores.tolist())
    return [
        dict(
            id=f'{number}',
            type='rectanglelabels',
            from_name='label',
            to_name='image',
            original_width=width,
            original_height=height,
            score=score,
            value=dict(
                x=100 * x1 / width,
                y=100 * y1 / height,
                width=100 * (x2 - x1) / width,
                height=100 * (y2 - y1) / height,
                rotation=0,
                rectanglelabels=[classes[label]],
            ),
        )
        for number, ((x1, y1, x2, y2), label, score) in enumerate(rows)
    ]
