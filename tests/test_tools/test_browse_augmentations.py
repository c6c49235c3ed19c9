"""tools/analysis_tools/browse_augmentations.py, as a user runs it."""

import importlib.util

import cv2
import pytest

from dense_scene.testing import tiny_coco


@pytest.fixture
def run(root, capsys):
    """Run the tool's main(); its status, output and errors."""
    path = root / 'tools/analysis_tools/browse_augmentations.py'
    spec = importlib.util.spec_from_file_location('browse', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def _run(*arguments):
        status = module.main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return _run


def test_rendered_shelf(run, tmp_path):
    status, output, _ = run(tmp_path / 'sheet.jpg')
    assert status == 0
    assert output.strip() == str(tmp_path / 'sheet.jpg')
    assert cv2.imread(output.strip()).std() > 40  # there is a picture


def test_photo(run, tmp_path):
    truth = tiny_coco(tmp_path)
    status, output, _ = run(
        tmp_path / 'sheet.png',
        '--image',
        tmp_path / 'images/000001.png',
        '--gt',
        truth,
        '--policy',
        'v2',
        '--seed',
        3,
    )
    assert status == 0 and (tmp_path / 'sheet.png').exists()


def test_errors_are_one_line(run, tmp_path):
    status, output, error = run(tmp_path / 'a.jpg', '--policy', 'v7')
    assert (status, output) == (1, '')
    assert error.startswith('error: policy must be one of v0, v1, v2, v3')
    assert error.count('\n') == 1


def test_usage(run, capsys):
    for arguments, code, words in (
        (('--help',), 0, '--policy'),
        (('a.jpg', '--gt', 'b.json'), 2, '--gt goes with --image'),
    ):
        with pytest.raises(SystemExit) as stop:
            run(*arguments)
        assert stop.value.code == code
        streams = capsys.readouterr()
        assert words in streams.out + streams.err
