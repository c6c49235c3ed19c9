"""``dense-scene browse-augmentations``."""

import cv2

from dense_scene.testing import tiny_coco

NAME = 'browse-augmentations'


def test_rendered_shelf(cli, tmp_path):
    status, output, _ = cli(NAME, tmp_path / 'sheet.jpg')
    assert (status, output) == (0, f'{tmp_path}/sheet.jpg\n')
    assert cv2.imread(output.strip()).std() > 40  # there is a picture


def test_photo(cli, tmp_path):
    truth = tiny_coco(tmp_path)
    photo = '--image', tmp_path / 'images/000001.png', '--ann-file', truth
    out = tmp_path / 'sheet.png'
    assert cli(NAME, out, *photo, '--policy', 'v2', '--seed', 3)[0] == 0
    assert out.exists()


def test_errors(cli, tmp_path):
    status, _, error = cli(NAME, tmp_path / 'a.jpg', '--policy', 'v7')
    assert status == 1 and 'v0, v1, v2, v3' in error
    status, _, error = cli(NAME, 'a.jpg', '--ann-file', 'b.json')
    assert status == 1 and 'must be given with --image' in error
