"""YOLO against text written by hand, and what is refused."""

import numpy as np
import pytest

from dense_scene.datasets.importers.yolo_format import read_yolo

from .conftest import rows_of


@pytest.fixture
def read(tmp_path, write_images):
    images = write_images(['a.jpg', 'sub/b.png'], [(40, 60), (10, 20)])

    def read(
        text='1 0.5 0.25 0.1 0.5\n', name='a.txt', classes=('tin', 'box')
    ):
        path = tmp_path / 'labels' / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        found = read_yolo(tmp_path / 'labels', images, classes)
        return found.checked(images, classes)

    return read


def test_fractions_become_pixels(read):
    # x: (0.5 -+ 0.05) * 60 = 27, 33; y: (0.25 -+ 0.25) * 40 = 0, 20.
    assert rows_of(read()) == [
        ('a.jpg', [40, 60], [[27, 0, 33, 20]], ['box'], [False]),
        ('sub/b.png', [10, 20], [], [], []),
    ]


def test_images_without_a_text_file_are_counted(read):
    # They could be those of another split.
    (note,) = read().notes
    assert note.startswith('1 of 2 images have no text file, sub/b.png')


def test_classes_come_from_their_file(read, tmp_path):
    read()
    path = tmp_path / 'labels/classes.txt'
    with pytest.raises(
        FileNotFoundError, match='no classes.txt, obj.names, data.yaml'
    ):
        read(classes=None)
    # Of Windows, with a mark.
    path.write_bytes(b'\xef\xbb\xbfx\r\ny\n\n')
    assert read(classes=None).classes == ('x', 'y')
    for text, line in (('x\n\ny\n', 2), ('', 1)):
        path.write_text(text)
        with pytest.raises(ValueError, match=f'classes.txt, line {line} must'):
            read(classes=None)
    path.write_text('x\nx\n')
    with pytest.raises(ValueError, match="'x' occurs twice"):
        read(classes=None)


@pytest.mark.parametrize(
    'text, words',
    [
        ('\n0 0.5 0.5 0.1\n', 'a.txt, line 2 must be five numbers'),
        ('0 0.5 0.5 0.1 x\n', "five numbers, .* but is '0 0.5 0.5 0.1 x'"),
        ('2 0.5 0.5 0.1 0.1\n', 'line 1: the class must be 0 to 1, but is 2'),
        ('0.5 0.5 0.5 0.1 0.1\n', 'must be 0 to 1, but is 0.5'),
        ('0 30 20 6 20\n', 'line 1 must .* fractions of the image size'),
        ('0 0.5 0.5 -0.1 0.1\n', 'fractions'),
        ('0 nan 0.5 0.1 0.1\n', 'fractions'),
    ],
)
def test_refusals(read, text, words):
    with pytest.raises(ValueError, match=words):
        read(text)


def test_text_without_image_and_no_images(read, tmp_path):
    with pytest.raises(ValueError, match='1 have none, .*c.txt among them'):
        read(name='c.txt')
    with pytest.raises(ValueError, match='images must be the folder'):
        read_yolo(tmp_path, None)


@pytest.mark.parametrize('size', [(37, 61), (331, 113)])
def test_pixels_come_back_from_fractions(read, write_images, size):
    # Sides that no power of two or ten divides; corners at every edge. A
    # fraction's error counts as many times as the image has pixels: 6 + 3.
    height, width = size
    write_images(['a.jpg'], [size])
    rng = np.random.default_rng(0)
    corners = np.sort(rng.random((50, 2, 2)), axis=1) * (width, height)
    boxes = np.round(corners.reshape(-1, 4), 3)
    boxes = np.vstack(([0, 0, width, height], boxes))
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2 / (width, height)
    sides = (boxes[:, 2:] - boxes[:, :2]) / (width, height)
    rows = np.hstack((centers, sides)).tolist()
    lines = [' '.join(f'{v:.9f}' for v in row) for row in rows]
    found = read(''.join(f'0 {line}\n' for line in lines))
    back = found.rounded(3)[found.columns.rows(0)]
    np.testing.assert_allclose(back, boxes, rtol=0, atol=1e-9)
