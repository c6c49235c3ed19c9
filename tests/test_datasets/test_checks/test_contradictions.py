"""Boxes given twice, beside what test_reach.py holds."""

import numpy as np
import pandas as pd
import pytest

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.datasets.checks.contradictions import (
    describe_contradictions,
    find_repeated_boxes,
)


def columns(boxes, images=None, labels=None, ignored=None):
    """Images 'a.jpg' and 'b.jpg' of 40 x 60 with these boxes."""
    zeros = np.zeros(len(boxes), np.int64)
    images, labels, ignored = (
        zeros if given is None else np.array(given)
        for given in (images, labels, ignored)
    )
    return AnnotationColumns.from_rows(
        [b'a.jpg', b'b.jpg'],
        [1, 2],
        np.array([[40, 60]] * 2, np.int32),
        images,
        np.array(boxes, np.float32).reshape(-1, 4),
        labels.astype(np.int32),
        ignored.astype(bool),
    )


BOX, OTHER = [1, 2, 3, 4], [1, 2, 3, 5]


@pytest.mark.parametrize(
    'boxes, more, expected',
    [
        ([], {}, []),
        ([BOX], {}, [0]),
        ([BOX, OTHER, BOX, BOX], {}, [0, 0, 1, 1]),
        ([BOX, BOX], {'images': [0, 1]}, [0, 0]),
        ([BOX, BOX], {'labels': [0, 1]}, [0, 0]),
        ([BOX, BOX, BOX], {'ignored': [1, 0, 1]}, [0, 0, 0]),
        ([BOX, BOX, BOX], {'ignored': [1, 0, 0]}, [0, 0, 1]),
        ([[0, 0, 3, 4], [-0.0, 0, 3, 4]], {}, [0, 1]),
        ([[0, 0, 3, 4], [0, 1, 2, 5]], {}, [0, 0]),
    ],
)
def test_which_are_the_same_again(boxes, more, expected):
    assert find_repeated_boxes(columns(boxes, **more)).tolist() == expected


def test_as_pandas_finds_them():
    rng = np.random.default_rng(0)
    boxes = rng.integers(0, 3, (5000, 4))
    images = np.sort(rng.integers(0, 2, 5000))
    labels = rng.integers(0, 3, 5000)
    table = pd.DataFrame(boxes).assign(image=images, label=labels)
    expected = table.duplicated().to_numpy()
    found = find_repeated_boxes(columns(boxes, images, labels))
    assert 0 < expected.sum() < 5000 and (found == expected).all()


def test_the_line_names_the_first():
    found = columns([OTHER, BOX, BOX, OTHER], images=[0, 1, 1, 1])
    (line,) = describe_contradictions(found, 'row {}'.format)
    assert line == (
        '1 of 4 boxes (25.0%) repeat one of their image and class, '
        "1, 2, 3, 4 in 'b.jpg' (60x40) first, row 2: a detector can find one "
        'of each'
    )


def test_what_reaches_out_comes_first_and_crowds_last():
    boxes = [[1, 1, 99, 5], BOX, BOX, *[OTHER] * 4]
    found = columns(boxes, ignored=[0, 0, 0, 1, 1, 1, 1])
    lines = describe_contradictions(found)
    words = ['reach out', 'repeat', 'crowd regions']
    assert len(lines) == 3
    assert all(word in line for word, line in zip(words, lines))
