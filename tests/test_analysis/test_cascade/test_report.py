"""The table of a study, by hand."""

import csv
import json

import numpy as np
import pytest

from dense_scene.analysis.cascade.report import (
    summarize_cascade,
    write_cascade_report,
)
from dense_scene.analysis.cascade.study import CascadeStudy

A, B, C = [0, 0, 10, 10], [10, 0, 20, 10], [60, 0, 70, 10]
NONE = np.zeros((0, 4))
# Of 10 x 10 pixels; moved by x, the IoU with its object is (10-x) / (10+x).
SHIFTED = {0: 1, 1: 9 / 11, 2: 2 / 3, 3: 7 / 13}


def shift(box, x):
    return [box[0] + x, box[1], box[2] + x, box[3]]


@pytest.fixture
def study():
    """Three images: of one, of no and of three objects; two stages."""
    images = [
        ([[shift(A, 3)], [shift(A, 2)], [A]], [A]),
        ([NONE, NONE, NONE], NONE),
        # The second goes over to B in the second stage.
        ([[shift(C, 2), shift(A, 2)], [C, shift(A, 3)], [C, B]], [A, B, C]),
    ]
    return CascadeStudy.concatenate(
        [
            CascadeStudy.of_image(boxes, objects, [0.5, 0.6])
            for boxes, objects in images
        ]
    )


def test_a_box_without_object_stays_without():
    far = shift(A, 500)
    part = CascadeStudy.of_image([[A], [far], [far]], [A], [0.5, 0.6])
    both = CascadeStudy.concatenate([part, part])
    assert both.objects.tolist() == [[0, -1], [1, -1]]
    rows = summarize_cascade(both)
    # It counts, at IoU 0, among all; it is in no group of objects.
    assert [(r['group'], r['boxes']) for r in rows] == [
        ('all', 2),
        ('all', 2),
        ('1', 2),
        ('1', 0),
    ]
    assert rows[1]['entering_mean'] == 0
    assert rows[3]['entering_mean'] is None


def test_rows_by_hand(study):
    rows = summarize_cascade(study)
    assert [
        (r['group'], r['stage'], r['objects'], r['boxes']) for r in rows
    ] == [
        ('all', 1, 4, 3),
        ('all', 2, 4, 3),
        ('1', 1, 1, 1),
        ('1', 2, 1, 1),
        ('3', 1, 3, 2),
        ('3', 2, 3, 2),
    ]
    first, second = rows[0], rows[1]
    entering = [SHIFTED[3], SHIFTED[2], SHIFTED[2]]
    leaving = [SHIFTED[2], SHIFTED[0], SHIFTED[3]]
    assert first['entering_mean'] == pytest.approx(np.mean(entering))
    assert first['leaving_mean'] == pytest.approx(np.mean(leaving))
    assert first['entering_q50'] == pytest.approx(SHIFTED[2])
    shares = [first[f'entering_from_{x}'] for x in (0.5, 0.6, 0.7, 0.75)]
    assert shares == pytest.approx([1, 2 / 3, 0, 0])
    shares = [first[f'leaving_from_{x}'] for x in (0.5, 0.6, 0.7, 0.75)]
    assert shares == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3])
    # 7/13 lies in the 11th bin of 0.05, 2/3 in the 14th, 1 in the last.
    assert np.flatnonzero(first['leaving_histogram']).tolist() == [10, 13, 19]
    assert (first['moved'], second['moved']) == (0, pytest.approx(1 / 3))
    # The moved box has left A, and B is the object that it found.
    assert second['leaving_mean'] == pytest.approx((1 + 1 + 0) / 3)
    assert second['entering_objects_from_0.5'] == 3 / 4
    assert second['leaving_objects_from_0.5'] == 3 / 4
    # Of A, B and C a box has C before, and B and C after.
    assert rows[5]['entering_objects_from_0.75'] == pytest.approx(1 / 3)
    assert rows[5]['leaving_objects_from_0.75'] == pytest.approx(2 / 3)
    assert rows[5]['leaving_from_0.5'] == 1 / 2


def test_groups_by_neighbours(study):
    rows = summarize_cascade(study, 'neighbours')
    assert [(r['group'], r['objects'], r['boxes']) for r in rows[::2]] == [
        ('all', 4, 3),
        ('0', 2, 2),
        ('1', 2, 1),
    ]
    with pytest.raises(ValueError, match="by must be one of 'objects', "):
        summarize_cascade(study, 'size')


def test_an_iou_at_the_mark_counts():
    # 60 of 100 pixels: IoU 0.6, which float32 does not hold exactly.
    box = [[0, 0, 10, 6]]
    study = CascadeStudy.of_image([box, box], [A], [0.5])
    assert summarize_cascade(study)[0]['entering_from_0.6'] == 1


def test_ranges_have_words():
    parts = [
        CascadeStudy.of_image([NONE] * 2, [A] * n, [0.5])
        for n in (1, 2, 3, 4, 5, 6, 7, 8)
    ]
    rows = summarize_cascade(CascadeStudy.concatenate(parts))
    # Not 1-2, of which a spreadsheet makes a date.
    assert [row['group'] for row in rows] == [
        'all',
        '1 to 2',
        '3 to 4',
        '5 to 6',
        '7 to 8',
    ]


def test_files(study, tmp_path):
    out = tmp_path / 'new/x.png'
    rows = write_cascade_report(study, out, about=dict(checkpoint='x.pth'))
    assert rows == summarize_cascade(study)
    content = json.loads(out.with_suffix('.json').read_text())
    assert content['rows'] == rows
    assert (content['checkpoint'], content['images']) == ('x.pth', 3)
    with open(out.with_suffix('.csv'), newline='') as file:
        table = list(csv.DictReader(file))
    assert float(table[1]['leaving_mean']) == rows[1]['leaving_mean']
    assert not any('histogram' in name for name in table[0])
    assert len(list(out.parent.iterdir())) == 2
