"""How long converting a large data set to COCO takes, against plain scripts.

The peers are the loops that such scripts usually are: csv.DictReader, or
ElementTree with paths, a dict per annotation, json.dump. They check nothing.

Usage: python benchmarks/convert_annotations.py [--boxes 200000] [--repeat 2]
"""

import argparse
import csv
import json
import os
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.datasets.importers.annotation_set import AnnotationSet
from dense_scene.datasets.importers.convert import convert_annotations
from dense_scene.datasets.importers.csv_format import write_csv

WIDTH, HEIGHT = 2448, 3264
PER_IMAGE = 147  # as in SKU-110K


def make_annotations(boxes: int) -> AnnotationSet:
    """Boxes with two decimals, evenly spread over the images."""
    rng = np.random.default_rng(0)
    images = max(1, boxes // PER_IMAGE)
    starts = rng.integers(0, (WIDTH - 300, HEIGHT - 400), (boxes, 2))
    sides = rng.integers(1000, 30000, (boxes, 2)) / 100
    return AnnotationSet(
        AnnotationColumns.from_rows(
            [b'train_%d.jpg' % i for i in range(images)],
            range(images),
            np.full((images, 2), (HEIGHT, WIDTH), np.int32),
            np.arange(boxes) % images,
            np.hstack((starts, starts + sides)),
            np.zeros(boxes, np.int32),
            np.zeros(boxes, bool),
        ),
        ('object',),
    )


def write_voc(annotations: AnnotationSet, folder: Path) -> None:
    """Files as labeling programs write them; pixels count from 1."""
    folder.mkdir()
    columns = annotations.columns
    boxes = annotations.rounded(3) + [1, 1, 0, 0]
    for index, name in enumerate(annotations.names):
        objects = (
            f'<object><name>object</name><difficult>0</difficult><bndbox>'
            f'<xmin>{x1:.6g}</xmin><ymin>{y1:.6g}</ymin><xmax>{x2:.6g}</xmax>'
            f'<ymax>{y2:.6g}</ymax></bndbox></object>\n'
            for x1, y1, x2, y2 in boxes[columns.rows(index)].tolist()
        )
        (folder / name).with_suffix('.xml').write_text(
            f'<annotation><filename>{name}</filename><size><width>{WIDTH}'
            f'</width><height>{HEIGHT}</height></size>\n{"".join(objects)}'
            '</annotation>\n'
        )


def rows_of_csv(path: Path) -> Iterator[tuple]:
    with open(path, newline='') as file:
        for row in csv.DictReader(file):
            yield (
                row['image'],
                int(row['image_width']),
                int(row['image_height']),
                row['class'],
                *(float(row[key]) for key in ('x1', 'y1', 'x2', 'y2')),
            )


def rows_of_voc(folder: Path) -> Iterator[tuple]:
    for path in sorted(folder.glob('*.xml')):
        root = ElementTree.parse(path).getroot()
        width, height = (
            int(root.find(f'size/{side}').text) for side in ('width', 'height')
        )
        for item in root.findall('object'):
            x1, y1, x2, y2 = (
                float(item.find(f'bndbox/{corner}').text)
                for corner in ('xmin', 'ymin', 'xmax', 'ymax')
            )
            yield (
                root.find('filename').text,
                width,
                height,
                item.find('name').text,
                x1 - 1,
                y1 - 1,
                x2,
                y2,
            )


def plain_script(rows: Iterator[tuple], target: Path) -> None:
    """What converters on the web do, in one loop."""
    images, categories, annotations = {}, {}, []
    for name, width, height, label, x1, y1, x2, y2 in rows:
        image = images.setdefault(
            name,
            dict(
                id=len(images) + 1, file_name=name, width=width, height=height
            ),
        )
        category = categories.setdefault(
            label, dict(id=len(categories) + 1, name=label)
        )
        annotations.append(
            dict(
                id=len(annotations) + 1,
                image_id=image['id'],
                category_id=category['id'],
                bbox=[x1, y1, x2 - x1, y2 - y1],
                area=(x2 - x1) * (y2 - y1),
                iscrowd=0,
            )
        )
    with open(target, 'w') as file:
        json.dump(
            dict(
                images=list(images.values()),
                annotations=annotations,
                categories=list(categories.values()),
            ),
            file,
        )


def seconds(function: Callable[[], object], repeat: int) -> float:
    """The least core time of several runs."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--boxes', type=int, default=200_000)
    parser.add_argument('--repeat', type=int, default=2)
    args = parser.parse_args()
    annotations = make_annotations(args.boxes)
    print(
        f'{args.boxes} boxes in {len(annotations.columns)} images; core '
        f'seconds, best of {args.repeat}; load {os.getloadavg()[0]:.1f} on '
        f'{os.cpu_count()} cores\n\n| to COCO from | ours | plain script | '
        'ratio |\n|---|---|---|---|'
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_csv(annotations, folder / 'csv', 3)
        write_voc(annotations, folder / 'voc')
        for kind, rows in (('csv', rows_of_csv), ('voc', rows_of_voc)):
            ours = seconds(
                lambda kind=kind: convert_annotations(
                    folder / kind, folder / 'ours.json', kind, 'coco'
                ),
                args.repeat,
            )
            peer = seconds(
                lambda kind=kind, rows=rows: plain_script(
                    rows(folder / kind), folder / 'peer.json'
                ),
                args.repeat,
            )
            a, b = (
                np.array(
                    [
                        item['bbox']
                        for item in json.loads(
                            (folder / f'{side}.json').read_bytes()
                        )['annotations']
                    ]
                )
                for side in ('ours', 'peer')
            )
            assert np.abs(a - b).max() < 1e-3, 'the results differ'
            print(f'| {kind} | {ours:.2f} | {peer:.2f} | {peer / ours:.1f}x |')


if __name__ == '__main__':
    main()
