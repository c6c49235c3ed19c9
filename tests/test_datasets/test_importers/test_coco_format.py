"""COCO against text written by hand, and what is refused."""

import json

import pytest

from dense_scene.datasets.importers.coco_format import read_coco, write_coco

from .conftest import make_set, rows_of


def test_order_of_file_crowd_and_ids(coco_file):
    assert rows_of(read_coco(coco_file()).checked()) == [
        ('b.jpg', [40, 60], [[0, 0, 60, 40]], ['tin'], [True]),
        ('a.jpg', [20, 30], [[1, 2, 11, 7]], ['box'], [False]),
    ]


def test_written_numbers_have_no_noise(tmp_path):
    # 0.3 - 0.1 is 0.19999999999999998, 0.1 * 3 0.30000000000000004.
    write_coco(make_set([[[0.1, 0.1, 0.3, 3.1]]]), tmp_path / 'a.json', 3)
    [item] = json.loads((tmp_path / 'a.json').read_text())['annotations']
    assert item['bbox'] == [0.1, 0.1, 0.2, 3] and item['area'] == 0.6


@pytest.mark.parametrize(
    'changes, words',
    [
        (
            dict(categories=[dict(id=5, name='tin')]),
            'annotation 1, category_id .* known category, but got 2',
        ),
        (
            dict(images=[dict(id=3, file_name='a.jpg')]),
            'annotation 2, image_id .* known image',
        ),
        (dict(images=[dict(id=3), dict(id=7)]), 'must have file_name'),
        (
            dict(categories=[dict(id=5, name='a'), dict(id=5, name='b')]),
            'category must have an id of its own',
        ),
        (
            dict(categories=[dict(id=5, name='a'), dict(id=2, name='a')]),
            "every category must have a name of its own, .*'a'",
        ),
        (
            dict(categories=[dict(id=5, name='a'), dict(id=2, name=' ')]),
            'category 2 must have a name, but it is blank',
        ),
        (
            dict(
                images=[
                    dict(id=3, file_name='a.jpg', height=1, width=1),
                    dict(id=7, file_name='a.jpg', height=1, width=1),
                ]
            ),
            "image 2 must have a file name of its own, but 'a.jpg'",
        ),
        (
            dict(
                images=[
                    dict(id=3, file_name='a.jpg', height=1, width=1),
                    dict(id=7, file_name='b.jpg'),
                ]
            ),
            "that of 'b.jpg' is 0x0 in the annotations",
        ),
        (
            dict(
                images=[
                    dict(id=3, file_name='a.jpg', height=1, width=10**11),
                    dict(id=7, file_name='b.jpg', height=1, width=1),
                ]
            ),
            r'images\[0\].width must be int <= 2147483647',
        ),
        (
            dict(
                images=[
                    dict(id=3, file_name='a.jpg', height=1, width=10**30),
                    dict(id=7, file_name='b.jpg', height=1, width=1),
                ]
            ),
            r'images\[0\].width must be int <= 2147483647',
        ),
        (
            dict(
                images=[
                    dict(id=3, file_name='\ud800.jpg', height=1, width=1),
                    dict(id=7, file_name='b.jpg', height=1, width=1),
                ]
            ),
            'surrogate|hex escape',
        ),
        (
            dict(
                annotations=[
                    dict(image_id=3, category_id=2, bbox=[9, 0, -1, 5])
                ]
            ),
            'annotation 1: a box must have finite corners',
        ),
    ],
)
def test_refusals(coco_file, changes, words):
    with pytest.raises(ValueError, match=words):
        read_coco(coco_file(**changes)).checked()
