"""tools/analysis_tools/analyse_errors.py, as a user runs it."""

import importlib.util
import json

import cv2
import numpy as np
import pytest

from ..test_evaluation.scenes import random_scene


@pytest.fixture
def run(root, capsys):
    """Run the tool's main(); its status, output and errors."""
    path = root / 'tools/analysis_tools/analyse_errors.py'
    spec = importlib.util.spec_from_file_location('analyse_errors', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def _run(*arguments):
        status = module.main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return _run


@pytest.fixture
def files(tmp_path):
    """Ground truth, detections and images."""
    truth, found = random_scene(0)
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    (tmp_path / 'found.json').write_text(json.dumps(found))
    for image in truth['images']:
        cv2.imwrite(
            str(tmp_path / image['file_name']),
            np.full((400, 500, 3), 90, np.uint8),
        )
    return tmp_path


def test_table_numbers_and_gallery(run, files):
    status, output, _ = run(
        files / 'found.json',
        '--gt',
        files / 'truth.json',
        '--max-det',
        50,
        '--out',
        files / 'report.json',
        '--images',
        files,
        '--gallery',
        files / 'gallery',
        '--worst',
        2,
    )
    assert status == 0
    assert 'AP50@50' in output and 'missed_occluded' in output
    assert json.loads((files / 'report.json').read_text())['max_dets'] == 50
    assert len(list((files / 'gallery').glob('0[12]_*.png'))) == 2


def test_errors_are_one_line(run, files):
    for bad, words in (
        ('none.json', 'detections must be a file, but'),
        ('truth.json', 'must be a COCO result file'),
    ):
        status, output, error = run(files / bad, '--gt', files / 'truth.json')
        assert (status, output) == (1, '')
        assert error.startswith('error: ') and words in error
        assert error.count('\n') == 1


def test_gallery_without_images(run, files, capsys):
    with pytest.raises(SystemExit) as stop:
        run(
            files / 'found.json',
            '--gt',
            files / 'truth.json',
            '--gallery',
            files / 'gallery',
        )
    assert stop.value.code == 2
    assert 'must be given together' in capsys.readouterr().err


def test_help(run, capsys):
    with pytest.raises(SystemExit) as stop:
        run('--help')
    assert stop.value.code == 0
    assert '--gallery' in capsys.readouterr().out
