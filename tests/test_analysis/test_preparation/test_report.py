"""The report of a check: complete, self-contained, and safe to open."""

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from dense_scene.analysis.preparation.plots import (
    SplitStatistics,
    plot_objects_per_image,
)
from dense_scene.analysis.preparation.report import write_preparation_report
from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.datasets.checks.check import SKU110KCheck, SplitCheck
from dense_scene.datasets.checks.faults import Fault
from dense_scene.datasets.checks.image_record import ImageRecord


def make_check(boxes_of_images, faults=(), reasons=None) -> SKU110KCheck:
    count = len(boxes_of_images)
    boxes = np.array(sum(boxes_of_images, []), np.float32).reshape(-1, 4)
    columns = AnnotationColumns.from_rows(
        [b'%d.jpg' % i for i in range(count)],
        range(count),
        np.full((count, 2), 100, np.int32),
        np.repeat(np.arange(count), list(map(len, boxes_of_images))),
        boxes,
        np.zeros(len(boxes), np.int32),
        np.zeros(len(boxes), bool),
    )
    records = [
        ImageRecord(f'{i}.jpg', width=100, height=100, fault=fault)
        for i, fault in enumerate(reasons or [''] * count)
    ]
    part = SplitCheck('train', columns, records)
    return SKU110KCheck(Path('data/<SKU>'), [part], list(faults))


def test_page(tmp_path):
    # The two boxes of image 0 share 5 x 10 of 150 pixels: IoU 1 / 3.
    boxes = [[[0, 0, 10, 10], [5, 0, 15, 10]], [[50, 50, 60, 60]], []]
    faults = [
        Fault('unreadable', 'train', '<b>.jpg', f'is {i}') for i in range(5)
    ]
    path = write_preparation_report(
        make_check(boxes, faults, ['', '', 'is empty']), tmp_path / 'a/r.html'
    )
    page = path.read_text(encoding='utf-8')
    pictures = re.findall(r'<img alt="[^"]+" src="([^"]+)">', page)
    assert len(pictures) == 4
    for source in pictures:
        head, data = source.split(',')
        assert head == 'data:image/png;base64'
        picture = np.frombuffer(base64.b64decode(data), np.uint8)
        assert cv2.imdecode(picture, 1).std() > 5  # something is drawn
    # Nothing is fetched from elsewhere, nothing of a name is markup.
    assert not re.search(r'https?://|<script|<link|<b>', page)
    assert 'data/&lt;SKU&gt;' in page and '&lt;b&gt;.jpg: is 0' in page
    assert 'is 2' in page and 'is 3' not in page  # three examples
    assert '5 faults of 1 kinds. 1 images are left out' in page
    # 2 of 3 objects have a neighbor above 0.3.
    assert '66.67 % have more than 0.3, 0 % have more than 0.5' in page


@pytest.mark.parametrize('boxes', [[[]], [[[0, 0, 9, 9]] * 600]])
def test_no_object_and_600_equal_ones(tmp_path, boxes):
    page = write_preparation_report(
        make_check(boxes), tmp_path / 'r.html'
    ).read_text()
    assert 'Nothing was found to be wrong.' in page
    assert f'class="number">{len(boxes[0])}</td>' in page


def test_no_usable_image(tmp_path):
    check = make_check([[[0, 0, 9, 9]]], reasons=['is empty'])
    assert write_preparation_report(check, tmp_path / 'r.html').is_file()


def test_same_data_same_bytes_and_the_data_count():
    def draw(values):
        split = SplitStatistics(
            'a',
            np.array(values),
            np.full((3, 2), 9),
            np.ones(6),
            np.linspace(0, 1, 6),
        )
        return plot_objects_per_image([split])

    first = draw([1, 2, 3])
    assert first == draw([1, 2, 3])
    assert first != draw([2, 2, 2])
