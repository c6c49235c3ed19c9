"""Truncated images are seen by their bytes alone."""

import io
import os

import numpy as np
import pytest
from PIL import Image

from dense_scene.datasets.images.integrity import (
    find_file_fault,
    find_image_fault,
)


@pytest.fixture
def photo() -> np.ndarray:
    """Noise, which JPEG and PNG cannot make small."""
    return np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)


def encode(image: np.ndarray, name: str, **options) -> bytes:
    with io.BytesIO() as buffer:
        Image.fromarray(image).save(buffer, name, **options)
        return buffer.getvalue()


@pytest.mark.parametrize(
    'name, options',
    [('JPEG', {}), ('JPEG', dict(progressive=True)), ('PNG', {})],
)
@pytest.mark.parametrize('kept', [0.05, 0.3, 0.6, 0.9, 0.999])
def test_truncation_is_found(photo, name, options, kept):
    data = encode(photo, name, **options)
    assert find_image_fault(data) is None
    fault = find_image_fault(data[: int(len(data) * kept)])
    assert fault == f'is a truncated {name}'


def test_end_marker_of_a_thumbnail_does_not_count(photo):
    data = encode(photo, 'JPEG')
    # APP1: marker, length (itself and the payload), payload.
    thumbnail = encode(photo[:8, :8], 'JPEG')
    segment = b'\xff\xe1' + (2 + len(thumbnail)).to_bytes(2, 'big') + thumbnail
    data = data[:2] + segment + data[2:]
    assert find_image_fault(data) is None
    assert find_image_fault(data[:-200]) == 'is a truncated JPEG'


def test_data_behind_the_end_is_allowed(photo):
    assert find_image_fault(encode(photo, 'JPEG') + b'\0' * 100) is None


def test_fill_bytes_before_a_marker_are_allowed(photo):
    data = encode(photo, 'JPEG')
    assert find_image_fault(data[:2] + b'\xff\xff' + data[2:]) is None


def test_other_formats_pass(photo):
    assert find_image_fault(encode(photo, 'BMP')[:-10]) is None
    assert find_image_fault(b'no image') is None


def test_empty():
    assert find_image_fault(b'') == 'is empty'


def test_files(photo, tmp_path):
    good, cut, empty = (tmp_path / name for name in 'gce')
    good.write_bytes(encode(photo, 'JPEG'))
    cut.write_bytes(encode(photo, 'JPEG')[:-100])
    empty.touch()
    assert find_file_fault(str(good)) is None
    assert find_file_fault(str(cut)) == 'is a truncated JPEG'
    assert find_file_fault(str(empty)) == 'is empty'
    assert find_file_fault(str(tmp_path / 'no')) == 'does not exist'
    assert find_file_fault(str(tmp_path)) == 'is not a file'
    os.mkfifo(tmp_path / 'pipe')  # to open it would wait for a writer
    assert find_file_fault(str(tmp_path / 'pipe')) == 'is not a file'
