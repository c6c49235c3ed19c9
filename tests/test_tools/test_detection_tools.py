"""The two tools for stored detections, as a user runs them."""

import importlib.util
import json

import pytest

from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.tables.detections import Detections

from ..test_evaluation.scenes import random_scene, read_truth

NAMES = ('evaluate_detections', 'compare_detections')


@pytest.fixture
def run(root, capsys):
    """Run a tool's main(); its status, output and errors."""

    def _run(name, *arguments):
        path = root / 'tools/analysis_tools' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        status = module.main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return _run


@pytest.fixture
def files(tmp_path):
    """Ground truth and two results, the second without its best half."""
    truth, found = random_scene(0)
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    (tmp_path / 'a.json').write_text(json.dumps(found))
    found = [item for item in found if item['score'] < 0.5]
    save_detections(
        tmp_path / 'b.npz', Detections.from_coco(found, read_truth(truth))
    )
    return tmp_path


def test_evaluate(run, files):
    status, output, _ = run(
        'evaluate_detections',
        files / 'b.npz',
        '--gt',
        files / 'truth.json',
        '--max-dets',
        10,
        300,
        '--nms-iou',
        0.5,
        '--score-thr',
        0,
        0.2,
        '--backend',
        'pycocotools',
    )
    assert status == 0
    assert 'pycocotools' in output.splitlines()[0]
    assert output.count('NMS at IoU 0.5') == 2
    assert output.count('recall bound') == 2
    assert output.count('|  10 |') == output.count('| 300 |') == 2


def test_compare(run, files):
    status, output, _ = run(
        'compare_detections',
        files / 'a.json',
        files / 'b.npz',
        '--gt',
        files / 'truth.json',
        '--max-det',
        50,
        '--resamples',
        20,
    )
    assert status == 0
    assert '4 images, 20 resamples' in output
    first, second = map(float, output.split('AP@50')[1].split('|')[1:3])
    assert first > second > 0


@pytest.mark.parametrize('name', NAMES)
def test_error_is_one_line(run, files, name):
    files_of_tool = [files / 'none.npz'] * (1 + (name == NAMES[1]))
    status, output, error = run(
        name, *files_of_tool, '--gt', files / 'truth.json'
    )
    assert (status, output) == (1, '')
    assert error.startswith('error: detections must be a file, but ')
    assert error.count('\n') == 1


@pytest.mark.parametrize('name', NAMES)
def test_help(run, capsys, name):
    with pytest.raises(SystemExit) as stop:
        run(name, '--help')
    assert stop.value.code == 0
    output = capsys.readouterr().out
    assert f'analysis_tools/{name}.py' in output and '--backend' in output
