"""Annotations against pictures."""

import cv2
import numpy as np
import pytest
from PIL import Image

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.datasets.checks.pictures import (
    compare_with_pictures,
    look_at_folder,
)


@pytest.fixture
def folder(tmp_path):
    grey = np.full((40, 60, 3), 99, np.uint8)
    for name in ('right.png', 'wrong.png', 'swapped.png'):
        cv2.imwrite(str(tmp_path / name), grey)
    exif = Image.Exif()
    exif[0x0112] = 6  # 40 wide and 60 high, once it is turned
    Image.fromarray(grey).save(tmp_path / 'phone.jpg', exif=exif)
    # A microscope's 12 bits in 16, of which loaders keep the upper 8: 3200
    # becomes 12.
    cv2.imwrite(str(tmp_path / 'dark.png'), np.full((40, 60), 3200, np.uint16))
    cv2.imwrite(str(tmp_path / 'dark.tif'), np.full((40, 60), 3200, np.uint16))
    # OpenCV writes 32 bits a value, and does not read them as a picture.
    half = np.full((40, 60), 0.5, np.float32)
    cv2.imwrite(str(tmp_path / 'float.tif'), half)
    bright = np.full((40, 60, 3), 50000, np.uint16)
    cv2.imwrite(str(tmp_path / 'bright.png'), bright)
    (tmp_path / 'broken.png').write_bytes(b'no image')
    return tmp_path


# (height, width) as the annotations say.
SAID = {
    'right.png': (40, 60),
    'wrong.png': (80, 120),
    'swapped.png': (60, 40),
    'phone.jpg': (40, 60),
    'dark.png': (0, 0),
    'dark.tif': (40, 60),
    'float.tif': (40, 60),
    'bright.png': (40, 60),
    'broken.png': (40, 60),
}


def test_what_differs(folder):
    report = compare_with_pictures(folder, list(SAID), list(SAID.values()))
    assert report.sizes['phone.jpg'] == (40, 60)
    assert report.faults == {
        'float.tif': 'has more bits than OpenCV decodes',
        'broken.png': 'cannot be read as an image',
    }
    assert report.wrong == {
        'wrong.png': 'is 60x40, not 120x80',
        'swapped.png': 'is 60x40, not 40x60',
        'phone.jpg': 'is 40x60, not 60x40',
    }
    line = report.wrong_sizes()
    assert line.startswith('3 of 9 images have not the size')
    assert '1 with width and height exchanged' in line
    assert '1 as before the EXIF orientation' in line
    # 3200 / 256 = 12.5, of which OpenCV keeps 12.
    assert report.dark == {'dark.png': 12, 'dark.tif': 12}
    assert 'dark.png first, which reaches 12 of 255' in report.warnings()[1]


def columns(names) -> AnnotationColumns:
    none = np.zeros(0, np.int64)
    return AnnotationColumns.from_rows(
        [name.encode() for name in names],
        range(len(names)),
        np.full((len(names), 2), (40, 60), np.int32),
        none,
        none.reshape(0, 4),
        none,
        none.astype(bool),
    )


def test_the_folder_is_looked_at_once(folder):
    here = str(folder)
    assert look_at_folder(columns(['right.png']), here, may_lack=False) == []
    some = columns(['right.png', 'Wrong.png'])
    (line,) = look_at_folder(some, here, may_lack=True)
    assert '1 of 2 images are not in' in line and "'wrong.png'" in line
    with pytest.raises(FileNotFoundError, match='Correct data_root'):
        look_at_folder(some, here, may_lack=False)
    with pytest.raises(FileNotFoundError, match='1 of 1 images'):
        look_at_folder(columns(['no.png']), here, may_lack=True)
    with pytest.raises(FileNotFoundError, match='which is not a folder'):
        look_at_folder(some, here + '/no', may_lack=True)
    (line,) = look_at_folder(columns(['phone.jpg']), here, may_lack=False)
    assert 'EXIF' in line
    some = columns(['right.png', 'broken.png'])
    (line,) = look_at_folder(some, here, may_lack=True)
    assert '1 of 2 files' in line and "'broken.png' cannot be read" in line
    with pytest.raises(ValueError, match='Copy them again'):
        look_at_folder(some, here, may_lack=False)
    with pytest.raises(ValueError, match='1 of 1 files'):
        look_at_folder(columns(['broken.png']), here, may_lack=True)
