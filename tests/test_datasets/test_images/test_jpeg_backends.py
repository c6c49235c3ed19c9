"""Every backend gives the same pixels; what is missing is named."""

import io
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from dense_scene.datasets.images import jpeg
from dense_scene.datasets.images.jpeg import DECODERS, resolve_backend


@pytest.fixture(autouse=True)
def fresh():
    """Look for PyTurboJPEG anew, before and after each test."""
    jpeg._turbojpeg.cache_clear()
    yield
    jpeg._turbojpeg.cache_clear()


def encode(image: np.ndarray, mode: str = 'RGB', **options) -> bytes:
    with io.BytesIO() as buffer:
        Image.fromarray(image).convert(mode).save(buffer, 'JPEG', **options)
        return buffer.getvalue()


@pytest.fixture
def image() -> np.ndarray:
    """Coarse noise of odd size."""
    noise = np.random.default_rng(0).integers(0, 256, (9, 13, 3), np.uint8)
    return cv2.resize(noise, (131, 97), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize('denominator', [1, 2, 4, 8])
@pytest.mark.parametrize('mode', ['RGB', 'L', 'CMYK'])
@pytest.mark.parametrize('name', DECODERS)
def test_same_pixels(image, name, mode, denominator):
    if resolve_backend(name)[0] != name:
        pytest.skip(resolve_backend(name)[1])
    if (name, mode) == ('turbojpeg', 'CMYK'):
        pytest.skip('libjpeg-turbo does not convert CMYK')
    # Colour in full: its upsampling is another filter at each denominator.
    data = encode(image, mode, subsampling=0)
    found = DECODERS[name](data, denominator)
    # libjpeg gives ceil(97 / d) rows and ceil(131 / d) columns.
    assert found.shape == (-(-97 // denominator), -(-131 // denominator), 3)
    assert found.dtype == np.uint8
    with Image.open(io.BytesIO(data)) as full:
        full = np.asarray(full.convert('RGB'))[..., ::-1]
    # The oracle is Pillow's full image averaged over d x d pixels. A scaled
    # inverse DCT is that average but for the frequencies it leaves out.
    rows, columns = (97 // denominator, 131 // denominator)
    blocks = (
        full[: rows * denominator, : columns * denominator]
        .reshape(rows, denominator, columns, denominator, 3)
        .mean((1, 3))
    )
    difference = np.abs(found[:rows, :columns] - blocks)
    assert difference.max() <= (1 if denominator == 1 else 10)
    assert difference.mean() <= 1


@pytest.mark.parametrize('denominator', [1, 2, 4, 8])
@pytest.mark.parametrize('size', [(8, 8), (9, 23), (15, 8), (16, 17)])
def test_pillow_reduces_as_far_as_opencv(size, denominator):
    # With subsampled colour, as cameras write it.
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    first, second = (
        DECODERS[name](encode(noise), denominator).astype(int)
        for name in ('cv2', 'pillow')
    )
    assert first.shape == (*(-(-side // denominator) for side in size), 3)
    assert np.abs(first - second).max() <= 1


def test_asked_for_and_there():
    assert resolve_backend('cv2') == ('cv2', None)
    assert resolve_backend('pillow') == ('pillow', None)


@pytest.mark.parametrize('name', ['auto', 'turbojpeg'])
def test_turbojpeg_is_taken_if_it_loads(name, monkeypatch):
    module = SimpleNamespace(TurboJPEG=lambda: None)
    monkeypatch.setitem(sys.modules, 'turbojpeg', module)
    assert resolve_backend(name) == ('turbojpeg', None)


@pytest.mark.parametrize('name', ['auto', 'turbojpeg'])
def test_no_turbojpeg(name, monkeypatch):
    monkeypatch.setitem(sys.modules, 'turbojpeg', None)  # ImportError
    assert resolve_backend(name) == (
        'cv2',
        'PyTurboJPEG is not installed: OpenCV decodes JPEG files instead',
    )


@pytest.mark.parametrize('error', [OSError, RuntimeError])
def test_no_library_below_turbojpeg(error, monkeypatch):
    def load():
        raise error('too\nold')

    module = SimpleNamespace(TurboJPEG=load)
    monkeypatch.setitem(sys.modules, 'turbojpeg', module)
    backend, missing = resolve_backend('auto')
    assert backend == 'cv2'
    assert missing.startswith(
        'PyTurboJPEG cannot load libturbojpeg (too old): OpenCV'
    )


def test_no_such_backend():
    with pytest.raises(ValueError, match="'pillow', but got 'PIL'"):
        resolve_backend('PIL')
