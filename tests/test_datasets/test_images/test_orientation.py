"""Orientations are those of Pillow."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from dense_scene.datasets.images.orientation import (
    apply_orientation,
    read_orientation,
    swaps_sides,
    upright_size,
)

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3'
    b'.org/1999/02/22-rdf-syntax-ns#"><rdf:Description tiff:Orientation='
    b'"6"/></rdf:RDF></x:xmpmeta>'
)


def encode(kind: str, orientation: int, xmp: bytes = b'') -> bytes:
    """A file of 60 x 40 pixels; its EXIF has a tag unless that is 0."""
    buffer, options = io.BytesIO(), {}
    if orientation:
        options['exif'] = exif = Image.Exif()
        exif[0x0112] = orientation
    if xmp and kind == 'PNG':
        options['pnginfo'] = info = PngInfo()
        info.add_itxt('XML:com.adobe.xmp', xmp.decode())
    elif xmp:
        options['xmp'] = xmp
    Image.new('RGB', (60, 40)).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize('xmp', [b'', XMP])
@pytest.mark.parametrize('orientation', [0, 1, 3, 6, 8, 9])
@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP', 'TIFF'])
def test_size_is_that_of_opencv(kind, orientation, xmp):
    data = encode(kind, orientation, xmp)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    with Image.open(io.BytesIO(data)) as image:
        assert upright_size(image) == decoded.shape[1::-1]
        expected = orientation if orientation in range(1, 9) else 1
        assert read_orientation(image) == expected


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('shape', [(2, 3, 3), (2, 3), (1, 1, 3)])
def test_equals_pillow(orientation, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    stored = Image.fromarray(image)
    stored.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(stored))
    found = apply_orientation(image, orientation)
    np.testing.assert_array_equal(found, expected)
    if shape[0] != shape[1]:
        assert swaps_sides(orientation) == (found.shape[:2] == shape[1::-1])


@pytest.mark.parametrize('orientation', [0, 9, 65535])
def test_other_values_mean_nothing(orientation):
    image = np.zeros((2, 3, 3), np.uint8)
    assert apply_orientation(image, orientation) is image
    assert not swaps_sides(orientation)


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP'])
def test_entries_of_any_type_are_read_as_opencv_reads_them(kind, order):
    """BYTE to IFD, with no, one or too many values: the loaders agree."""
    image = np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8)
    for number in range(1, 14):
        for count in (0, 1, 2, 200):
            mark = b'II' if order == '<' else b'MM'
            entry = struct.pack(f'{order}HHI', 0x0112, number, count)
            value = struct.pack(f'{order}HH', 6, 0)
            exif = mark + struct.pack(f'{order}HIH', 42, 8, 1)
            exif += entry + value + bytes(4)
            buffer = io.BytesIO()
            Image.fromarray(image).save(buffer, kind, exif=b'Exif\0\0' + exif)
            data = np.frombuffer(buffer.getvalue(), np.uint8)
            decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
            with Image.open(buffer) as opened:
                assert upright_size(opened) == decoded.shape[1::-1]
