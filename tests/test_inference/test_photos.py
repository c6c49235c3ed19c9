"""Which images are meant, and reading them."""

import json
import os

import cv2
import numpy as np
import pytest
from PIL import Image

from dense_scene.inference.photos import (
    describe_others,
    find_photos,
    read_photo,
)

NAMES = ['a.png', 'b.jpg', 'below/a.png', 'below/c.bmp']


def test_a_folder_with_all_below_it(photos):
    (photos / 'notes.txt').write_text('x')
    (photos / '.hidden.png').write_text('x')
    found = find_photos(str(photos))
    assert found.names == NAMES and found.ids == [1, 2, 3, 4]
    assert found.paths == [photos / name for name in NAMES]


def test_the_folder_of_results_is_no_input(photos):
    found = find_photos(str(photos), leave_out=str(photos / 'below'))
    assert found.names == NAMES[:2]


def test_what_else_a_folder_holds_is_told(photos):
    assert describe_others(find_photos(str(photos))) == ''
    for name in ('film.MP4', 'below/phone.heic', 'notes.txt'):
        (photos / name).write_bytes(b'x')
    found = find_photos(str(photos))
    assert found.names == NAMES and len(found.others) == 2
    assert describe_others(found).startswith('2 files that end with .heic, .m')
    for path in photos.rglob('*'):
        if path.suffix in ('.png', '.jpg', '.bmp'):
            path.unlink()
    with pytest.raises(ValueError, match=r'one image.* but with .heic, .mp4'):
        find_photos(str(photos))


def test_an_image_and_a_pattern(photos, monkeypatch):
    assert find_photos(str(photos / 'below/c.bmp')).names == ['c.bmp']
    assert find_photos(f'{photos}/**/*.png').names == ['a.png', 'below/a.png']
    assert find_photos(f'{photos}/below/*').names == ['a.png', 'c.bmp']
    os.rename(photos / 'a.png', photos / 'a[1].png')
    assert find_photos(str(photos / 'a[1].png')).names == ['a[1].png']
    monkeypatch.chdir(photos)
    assert find_photos('*.jpg').names == ['b.jpg']


def test_a_coco_file_names_images_ids_and_categories(photos, tmp_path):
    images = [dict(id=7, file_name='below/a.png', width=1, height=1)]
    parts = dict(images=images, categories=[dict(id=3, name='thing')])
    path = tmp_path / 'coco.json'
    path.write_text(json.dumps(parts))
    found = find_photos(str(path), str(photos))
    assert (found.names, found.ids) == (['below/a.png'], [7])
    assert found.category_ids == {'thing': 3}
    assert found.paths == [photos / 'below/a.png']
    path.write_text(json.dumps(dict(images=images * 2)))
    with pytest.raises(ValueError, match='own file_name'):
        find_photos(str(path))
    path.write_text('[]')
    with pytest.raises(ValueError, match='must be a COCO JSON file'):
        find_photos(str(path))
    path.write_text('{"images": []}')
    with pytest.raises(ValueError, match='at least one image'):
        find_photos(str(path))


def test_nothing_found(tmp_path):
    with pytest.raises(ValueError, match='at least one image'):
        find_photos(str(tmp_path))
    with pytest.raises(ValueError, match='at least one image'):
        find_photos(f'{tmp_path}/*.png')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        find_photos(str(tmp_path / 'no.png'))


def test_exif_turns_a_photo_as_a_person_sees_it(tmp_path):
    """Orientation 6: the stored left edge is the upper one."""
    stored = np.zeros((40, 60, 3), np.uint8)
    stored[:, :20] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(tmp_path / 'a.jpg', exif=exif)
    image = read_photo(tmp_path / 'a.jpg')
    assert image.shape == (60, 40, 3)
    assert image[:15].min() > 200 and image[25:].max() < 50


def test_sixteen_bits_cmyk_gray_and_transparency(tmp_path):
    """0xAB.. of 16 bits is 0xAB of 8; CMYK without ink is white."""
    cv2.imwrite(str(tmp_path / 'a.png'), np.full((8, 9), 0xABCD, np.uint16))
    assert (read_photo(tmp_path / 'a.png') == 0xAB).all()
    Image.new('CMYK', (9, 8)).save(tmp_path / 'b.jpg')
    assert (read_photo(tmp_path / 'b.jpg') > 250).all()
    Image.new('RGBA', (9, 8), (255, 0, 0, 0)).save(tmp_path / 'c.png')
    assert read_photo(tmp_path / 'c.png')[0, 0].tolist() == [0, 0, 255]
    Image.new('L', (1, 1), 7).save(tmp_path / 'd.png')
    assert read_photo(tmp_path / 'd.png').tolist() == [[[7, 7, 7]]]


def test_what_is_wrong_with_a_file(tmp_path, photos):
    assert read_photo(tmp_path / 'no.jpg') == 'does not exist'
    os.mkfifo(tmp_path / 'pipe.jpg')
    for path in (tmp_path, tmp_path / 'pipe.jpg'):
        assert read_photo(path) == 'cannot be read (it is no file)'
    # names of a stranger's COCO file
    assert 'too long' in read_photo(tmp_path / ('a' * 5000))
    assert 'null byte' in read_photo(tmp_path / 'a\0.jpg')
    (tmp_path / 'a.jpg').write_text('text')
    assert read_photo(tmp_path / 'a.jpg') == 'is no image that can be decoded'
    (tmp_path / 'a.jpg').write_bytes(b'')
    assert read_photo(tmp_path / 'a.jpg') == 'is empty'
    data = (photos / 'b.jpg').read_bytes()
    (tmp_path / 'a.jpg').write_bytes(data[: len(data) // 2])
    assert read_photo(tmp_path / 'a.jpg') == 'is a truncated JPEG'
