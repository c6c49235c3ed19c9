"""``dense-scene render-shelves``."""

import cv2
import pytest


def test_writes_both_splits(cli, tmp_path):
    settings = '--train 2 --val 1 --size 160 128 --objects 3 6 --workers 1'
    status, output, _ = cli('render-shelves', tmp_path, *settings.split())
    assert status == 0
    assert len(list((tmp_path / 'train').iterdir())) == 2
    image = cv2.imread(str(tmp_path / 'val/000001.jpg'))
    assert image.shape == (128, 160, 3)
    assert 'annotations/val.json' in ''.join(output.split())


def test_wrong_input_is_one_line(cli, tmp_path):
    status, _, error = cli('render-shelves', tmp_path, '--train', 0)
    assert status == 1 and error.startswith('error: num_images must be')


@pytest.mark.parametrize('arguments', [[], ['data', '--sheet', 'x.jpg']])
def test_folder_or_sheet(cli, arguments):
    status, _, error = cli('render-shelves', *arguments)
    assert status == 1 and 'either a folder or --sheet' in error


def test_sheet(cli, tmp_path):
    path = tmp_path / 'new' / 'sheet.jpg'
    assert cli('render-shelves', '--sheet', path)[0] == 0
    high, wide, _ = cv2.imread(str(path)).shape
    assert wide == 2 * high  # four scenes, without and with boxes
    assert path.stat().st_size <= 400_000
