"""One image file: header, digest and damage, against PIL and hashlib."""

import hashlib
import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from dense_scene.datasets.checks.image_record import inspect_image

NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
JPEG = cv2.imencode('.jpg', NOISE)[1].tobytes()
MIDDLE = len(JPEG) // 2


@pytest.fixture
def inspect(tmp_path):

    def inspect(content: bytes):
        (tmp_path / 'a.jpg').write_bytes(content)
        return inspect_image(str(tmp_path), 'a.jpg')

    return inspect


def save(image: Image.Image, **kwargs) -> bytes:
    file = io.BytesIO()
    image.save(file, **kwargs)
    return file.getvalue()


def test_whole_file(inspect, tmp_path):
    record = inspect(JPEG)
    status = (tmp_path / 'a.jpg').stat()
    assert (record.width, record.height) == (64, 48)
    assert (record.format, record.mode, record.orientation) == (
        'JPEG',
        'RGB',
        1,
    )
    assert (record.fault, record.damage) == ('', '')
    assert record.sha256 == hashlib.sha256(JPEG).hexdigest()
    assert (record.bytes, record.mtime_ns) == (len(JPEG), status.st_mtime_ns)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_size_is_that_of_the_turned_image(inspect, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = save(Image.new('RGB', (30, 20)), format='JPEG', exif=exif)
    record = inspect(content)
    turned = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert (record.width, record.height) == turned.size
    assert record.orientation == orientation


def test_meaningless_orientation_is_upright(inspect):
    exif = Image.Exif()
    exif[0x0112] = 77
    record = inspect(
        save(Image.new('RGB', (30, 20)), format='JPEG', exif=exif)
    )
    assert (record.orientation, record.width) == (1, 30)


@pytest.mark.parametrize(
    'content, fault',
    [
        (b'', 'is empty'),
        (b'no image', 'cannot be read as an image'),
        (JPEG[:MIDDLE], 'is a truncated JPEG'),
        (
            save(Image.new('RGB', (9, 9)), format='PNG')[:-20],
            'is a truncated PNG',
        ),
    ],
)
def test_files_that_cannot_be_used(inspect, content, fault):
    assert inspect(content).fault == fault


def test_header_without_pixels_cannot_be_decoded(inspect):
    # A valid PNG frame around image data that is not deflate: all the
    # markers are there, only decoding finds out.
    good = save(Image.fromarray(NOISE), format='PNG')
    start = good.index(b'IDAT') + 4
    assert (
        inspect(good[:start] + b'\0' * 400 + good[start + 400 :]).fault
        == 'cannot be decoded'
    )


def test_missing_file_and_folder(tmp_path):
    assert inspect_image(str(tmp_path), 'b.jpg').fault == 'does not exist'
    (tmp_path / 'b.jpg').mkdir()
    assert 'cannot be read' in inspect_image(str(tmp_path), 'b.jpg').fault


@pytest.mark.parametrize(
    'image, kind, expected',
    [
        (Image.new('L', (8, 8)), 'JPEG', ('JPEG', 'L')),
        (Image.new('CMYK', (8, 8)), 'JPEG', ('JPEG', 'CMYK')),
        (Image.new('I;16', (8, 8)), 'PNG', ('PNG', 'I;16')),
        (Image.new('RGB', (1, 1)), 'JPEG', ('JPEG', 'RGB')),
    ],
)
def test_other_contents_are_named(inspect, image, kind, expected):
    record = inspect(save(image, format=kind))
    assert (record.format, record.mode) == expected
    assert record.fault == ''


def test_damage_inside_is_noticed_and_nothing_is_printed(inspect, capfd):
    # The end marker is there, half of the data before it is not.
    record = inspect(JPEG[:MIDDLE] + b'\xff\xd9')
    assert record.fault == ''
    assert 'premature end of data segment' in record.damage
    assert capfd.readouterr().err == ''
