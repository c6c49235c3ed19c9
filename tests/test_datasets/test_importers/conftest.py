"""Annotation sets to convert."""

import json

import cv2
import numpy as np
import pytest

from dense_scene.datasets.importers.annotation_set import AnnotationSet
from dense_scene.datasets.importers.found_boxes import FoundBoxes


def make_set(
    boxes_of_images,
    size=(40, 60),
    names=None,
    classes=('a',),
    labels=None,
    ignored=None,
) -> AnnotationSet:
    """Images of one size (height, width) with these boxes."""
    counts = [len(boxes) for boxes in boxes_of_images]
    boxes = np.array(
        [box for part in boxes_of_images for box in part], np.float64
    ).reshape(-1, 4)
    names = names or [f'{i}.jpg' for i in range(len(counts))]
    return FoundBoxes(
        str,
        names,
        [size] * len(counts),
        np.repeat(np.arange(len(counts)), counts),
        boxes,
        np.zeros(len(boxes), int) if labels is None else labels,
        np.zeros(len(boxes), bool) if ignored is None else ignored,
        classes,
    ).checked()


def rows_of(annotations: AnnotationSet, digits=3) -> list:
    """Everything that a conversion should keep, as plain values."""
    columns, boxes = annotations.columns, annotations.rounded(digits)
    return [
        (
            name,
            columns.sizes[i].tolist(),
            boxes[columns.rows(i)].tolist(),
            [
                annotations.classes[label]
                for label in columns.labels[columns.rows(i)]
            ],
            columns.ignored[columns.rows(i)].tolist(),
        )
        for i, name in enumerate(annotations.names)
    ]


@pytest.fixture
def write_images(tmp_path):
    """Grey images of given names and sizes in a folder, which is returned."""

    def write(names, sizes):
        folder = tmp_path / 'images'
        for name, (height, width) in zip(names, sizes):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            coded = cv2.imencode(
                path.suffix, np.zeros((height, width), np.uint8)
            )[1]
            path.write_bytes(coded.tobytes())
        return folder

    return write


@pytest.fixture
def coco_file(tmp_path):
    """Write a COCO file of two images and two classes; changes are merged."""

    def write(**changes):
        content = dict(
            images=[
                dict(id=7, file_name='b.jpg', height=40, width=60),
                dict(id=3, file_name='a.jpg', height=20, width=30),
            ],
            categories=[dict(id=5, name='tin'), dict(id=2, name='box')],
            annotations=[
                dict(id=1, image_id=3, category_id=2, bbox=[1, 2, 10, 5]),
                dict(
                    id=2,
                    image_id=7,
                    category_id=5,
                    bbox=[0, 0, 60, 40],
                    iscrowd=1,
                ),
            ],
        )
        content.update(changes)
        path = tmp_path / 'in.json'
        path.write_text(json.dumps(content))
        return path

    return write
