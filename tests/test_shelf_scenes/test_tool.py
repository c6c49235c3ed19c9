"""tools/dataset_converters/render_shelves.py."""

import importlib.util

import cv2
import pytest


@pytest.fixture
def tool(root):
    path = root / 'tools/dataset_converters/render_shelves.py'
    spec = importlib.util.spec_from_file_location('render_shelves', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_writes_both_splits(tool, tmp_path, capsys):
    command = f'{tmp_path} --train 2 --val 1 --size 160 128 --objects 3 6'
    assert tool.main([*command.split(), '--workers', '1']) == 0
    assert len(list((tmp_path / 'train').iterdir())) == 2
    image = cv2.imread(str(tmp_path / 'val/000001.jpg'))
    assert image.shape == (128, 160, 3)
    said = ''.join(capsys.readouterr().out.split())
    assert 'annotations/val.json' in said


def test_wrong_input_is_one_line(tool, tmp_path, capsys):
    assert tool.main([str(tmp_path), '--train', '0']) == 1
    said = capsys.readouterr().err
    assert said == 'error: num_images must be at least 1, but got 0.\n'


def test_interruption_says_how_to_go_on(tool, tmp_path, monkeypatch, capsys):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(tool, 'write_shelves', stop)
    assert tool.main([str(tmp_path)]) == 130
    assert 'the same command goes on' in capsys.readouterr().err


@pytest.mark.parametrize('arguments', [[], ['data', '--sheet', 'x.jpg']])
def test_folder_or_sheet(tool, arguments, capsys):
    with pytest.raises(SystemExit):
        tool.main(arguments)
    assert 'either a folder' in capsys.readouterr().err


def test_sheet(tool, tmp_path):
    path = tmp_path / 'new' / 'sheet.jpg'
    assert tool.main(['--sheet', str(path)]) == 0
    high, wide, _ = cv2.imread(str(path)).shape
    assert wide == 2 * high  # four scenes, without and with boxes
    assert path.stat().st_size <= 400_000
