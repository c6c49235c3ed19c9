"""A JPEG is decoded small enough, upright, and in the right place."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from dense_scene.datasets.images import jpeg
from dense_scene.datasets.images.jpeg import (
    DECODERS,
    choose_denominator,
    decode_jpeg,
    read_jpeg_header,
    resolve_backend,
)

DENOMINATORS = [1, 2, 4, 8]


def encode(image: np.ndarray, orientation: int = 1, **options) -> bytes:
    picture = Image.fromarray(image)
    exif = Image.Exif()
    exif[0x0112] = orientation
    with io.BytesIO() as buffer:
        picture.save(buffer, 'JPEG', exif=exif, quality=95, **options)
        return buffer.getvalue()


def blob(
    width: int, height: int, x: float, y: float, sigma: float
) -> np.ndarray:
    """A white Gaussian on black, its centre at (x, y) from the corner."""
    columns = np.exp(-(((np.arange(width) + 0.5 - x) / sigma) ** 2) / 2)
    rows = np.exp(-(((np.arange(height) + 0.5 - y) / sigma) ** 2) / 2)
    grey = np.rint(255 * np.outer(rows, columns)).astype(np.uint8)
    return grey[..., None].repeat(3, axis=2)


def centre(image: np.ndarray) -> tuple[float, float]:
    """Centre of mass (x, y) from the top left corner, of what is bright."""
    grey = image[..., 0].astype(float)
    grey[grey < 8] = 0  # JPEG noise far from the spot
    x, y = (np.arange(n) + 0.5 for n in grey.shape[::-1])
    return ((grey.sum(0) @ x) / grey.sum(), (grey.sum(1) @ y) / grey.sum())


@pytest.mark.parametrize(
    'size, final, expected',
    [
        ((2448, 3264), (800, 1067), 2),  # 3.06 times: 2 fits, 4 does not
        ((2448, 3264), (612, 816), 4),  # exactly 4 times
        ((2448, 3264), (613, 816), 2),  # one column more than a quarter
        ((2448, 3264), (612, 817), 2),  # one row more than a quarter
        ((2448, 3264), (306, 408), 8),
        ((2448, 3264), (30, 40), 8),  # libjpeg goes no further
        ((2448, 3264), (1225, 1632), 1),  # one column more than a half
        ((1, 1), (1, 1), 1),
        ((9, 9), (4, 4), 2),
        ((9, 9), (5, 5), 1),  # ceil(9 / 2) = 5, of which 4.5 image
        ((40, 60), (800, 1200), 1),
    ],
)
def test_denominator(size, final, expected):
    assert choose_denominator(size, final) == expected


@pytest.mark.parametrize('orientation', [0, 9])
def test_an_orientation_that_does_not_exist_is_upright(orientation):
    data = encode(np.zeros((4, 6, 3), np.uint8), orientation)
    assert read_jpeg_header(data) == (6, 4, 1, False)


@pytest.mark.parametrize('orientation', range(1, 9))
def test_header(orientation):
    data = encode(np.zeros((4, 6, 3), np.uint8), orientation)
    header = read_jpeg_header(data)
    assert header == (6, 4, orientation, False)
    upright = (4, 6) if orientation >= 5 else (6, 4)
    assert header.upright_size == upright


def test_headers_of_other_kinds():
    picture = Image.new('CMYK', (3, 2))
    with io.BytesIO() as buffer:
        picture.save(buffer, 'JPEG')
        assert read_jpeg_header(buffer.getvalue()) == (3, 2, 1, True)
    with io.BytesIO() as buffer:
        picture.convert('RGB').save(buffer, 'PNG')
        assert read_jpeg_header(buffer.getvalue()) is None
    with io.BytesIO() as buffer:  # what phones write: two JPEGs in one file
        picture.convert('RGB').save(
            buffer, 'MPO', save_all=True, append_images=[picture]
        )
        assert read_jpeg_header(buffer.getvalue()) == (3, 2, 1, False)
    assert read_jpeg_header(b'') is None
    assert read_jpeg_header(b'\xff\xd8\xff no more') is None


def test_broken_exif_is_no_exif():
    data = encode(np.zeros((4, 6, 3), np.uint8), 6)
    # The EXIF segment holds a TIFF file, which begins with its byte order.
    start = data.index(b'Exif\0\0') + 6
    broken = data[:start] + b'??' + data[start + 2 :]
    assert read_jpeg_header(data).orientation == 6
    assert read_jpeg_header(broken) == (6, 4, 1, False)


@pytest.mark.parametrize('backend', DECODERS)
@pytest.mark.parametrize('orientation', range(1, 9))
def test_orientation_as_in_pillow(backend, orientation):
    if resolve_backend(backend)[0] != backend:
        pytest.skip(resolve_backend(backend)[1])
    # No two corners are alike, so that each orientation shows.
    noise = np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8)
    image = cv2.resize(noise, (64, 48), interpolation=cv2.INTER_LINEAR)
    data = encode(image, orientation)
    with Image.open(io.BytesIO(data)) as stored:
        expected = ImageOps.exif_transpose(stored)
    expected = np.asarray(expected)[..., ::-1].astype(int)
    header = read_jpeg_header(data)
    assert np.abs(decode_jpeg(data, header, 1, backend) - expected).max() <= 1
    # 48 and 64 are multiples of 4: the means of 4 x 4 pixels.
    height, width = expected.shape[:2]
    means = expected.reshape(height // 4, 4, width // 4, 4, 3).mean((1, 3))
    assert np.abs(decode_jpeg(data, header, 4, backend) - means).mean() < 2


@pytest.mark.parametrize('orientation', [1, 6])
@pytest.mark.parametrize('denominator', DENOMINATORS)
@pytest.mark.parametrize('size', [(128, 96), (131, 97), (135, 103)])
def test_places_are_exact(size, denominator, orientation):
    # A spot near the corner where libjpeg pads. Without the correction it
    # would stand off by up to x * (ceil(n / d) / n - 1 / d): 0.46 pixels at
    # d = 8 and n = 131.
    stored = blob(*size, size[0] - 22.3, size[1] - 20.6, sigma=7)
    data = encode(stored, orientation, subsampling=0)
    full = decode_jpeg(data, read_jpeg_header(data))
    found = decode_jpeg(data, read_jpeg_header(data), denominator)
    scale = np.divide(found.shape[1::-1], full.shape[1::-1])
    np.testing.assert_allclose(
        centre(found), centre(full) * scale, rtol=0, atol=0.1
    )


def test_stretching_keeps_to_pixel_centres():
    # 9 columns at 1/8 are 2 pixels, of which 9 / 8 are image: a pixel of the
    # result is 9 / 16 of one. Its centres, 0.5 and 1.5, lie at 0.281 and
    # 0.844 of the source, whose centres are 0.5 and 1.5 too and hold 0 and
    # 100: before the first is 0, and 0.344 of the way there is 34.4. OpenCV
    # rounds places to 1/32.
    source = np.float32([[0, 100]] * 2)
    found = jpeg._stretch_to_content(source, (16, 9), 8)
    np.testing.assert_allclose(found, [[0, 34.4]] * 2, atol=100 / 32)


@pytest.mark.parametrize('denominator', DENOMINATORS)
@pytest.mark.parametrize('side', [1, 2, 3, 5, 8, 9, 15, 17])
def test_every_size(side, denominator):
    data = encode(np.full((side, 4, 3), 200, np.uint8))
    found = decode_jpeg(data, read_jpeg_header(data), denominator)
    # One colour stays it, in the stretched pixels too.
    assert found.shape == (-(-side // denominator), -(-4 // denominator), 3)
    assert np.abs(found.astype(int) - 200).max() <= 1


def test_cmyk_goes_past_turbojpeg(monkeypatch):
    with io.BytesIO() as buffer:
        Image.new('CMYK', (16, 16), (0, 255, 255, 0)).save(buffer, 'JPEG')
        data = buffer.getvalue()
    monkeypatch.setitem(DECODERS, 'turbojpeg', None)  # must not be called
    found = decode_jpeg(data, read_jpeg_header(data), 2, 'turbojpeg')
    # No cyan, all of magenta and yellow: red, which is last in BGR.
    assert np.abs(found.astype(int) - (0, 0, 255)).max() <= 3


def test_a_decoder_that_disagrees_with_the_header(monkeypatch):
    data = encode(np.zeros((8, 8, 3), np.uint8))
    monkeypatch.setitem(
        DECODERS, 'cv2', lambda *_: np.zeros((8, 8, 3), np.uint8)
    )
    with pytest.raises(ValueError, match=r'\(4, 4\).* at 1/2, but got \(8, '):
        decode_jpeg(data, read_jpeg_header(data), 2)


def test_what_opencv_cannot_decode(monkeypatch):
    data = encode(np.zeros((8, 8, 3), np.uint8))
    monkeypatch.setitem(DECODERS, 'cv2', lambda *_: None)
    assert decode_jpeg(data, read_jpeg_header(data)) is None
