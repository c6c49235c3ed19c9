"""A command that needs no model does not wait for torch and mmdet."""

import json
import re
import shlex
import subprocess
import sys

import pytest
from dense_scene_cli import main

from dense_scene import registration
from dense_scene.analysis.cascade import run
from dense_scene.inference import draw_predictions, torch_detector
from dense_scene.testing import tiny_sku110k
from tests.test_ablation.test_runs.test_seeds import _write_run
from tests.test_cli.test_main import NAMES

HEAVY = ['mmcv', 'mmdet', 'torch']
# Runs the lines of the standard input, and prints for each what it ended
# with and what of HEAVY is loaded by then.
RUN = f"""
import contextlib, io, shlex, sys
from dense_scene_cli import main
for line in sys.stdin:
    argv, output = shlex.split(line), io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            status = main(argv)
        except SystemExit as stop:
            status = stop.code
    print(line.strip(), status, [m for m in {HEAVY} if m in sys.modules])
"""
WITH_A_MODEL = ('browse-augmentations', 'browse-crops', 'cascade')


def run_lines(lines, folder):
    done = subprocess.run(
        [sys.executable, '-c', RUN],
        cwd=folder,
        input='\n'.join(lines),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def run_code(code):
    """Output and errors of Python in a process of its own."""
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    return done.stdout, done.stderr


@pytest.mark.slow
def test_help_of_those_without_a_model(tmp_path):
    lines = ['', '--version']
    lines += [f'{n} --help' for n in NAMES if n not in WITH_A_MODEL]
    assert run_lines(lines, tmp_path) == [f'{line} 0 []' for line in lines]


@pytest.mark.slow
def test_running_them(files, tmp_path):
    rows = tmp_path / 'counts.csv'
    counts = [f'{s}_{i}.jpg,{s},150' for s in ('train', 'val') for i in (1, 2)]
    rows.write_text('\n'.join(['image,split,objects', *counts]))
    root = tiny_sku110k(tmp_path / 'SKU110K', num_images=1)
    csv = shlex.quote(str(root / 'annotations/annotations_val.csv'))
    for seed in '01':
        _write_run(tmp_path / 'runs' / seed, 0.5)
    (tmp_path / 'losses').mkdir()
    losses = [{'s0.loss_cls': 0.5, 'step': n} for n in (1, 2, 3)]
    log = '\n'.join(map(json.dumps, losses))
    (tmp_path / 'losses/scalars.json').write_text(log)
    lines = [
        'render-shelves shelves --train 1 --val 1 --size 320 '
        '--objects 20 60 --workers 1',
        'convert truth.json boxes.csv --from coco --to csv',
        f'convert {csv} sku.json --from sku --to coco',
        'advise truth.json --out advised.py',
        f'advise {csv}',
        'prepare-sku110k SKU110K --workers 1',
        'subset-sku110k counts.csv --out subset --total 2',
        'evaluate a.json --ann-file truth.json --score-thr 0.5',
        'compare a.json b.npz --ann-file truth.json --resamples 10',
        'errors a.json --ann-file truth.json --images . --gallery drawn',
        'stage-losses losses/scalars.json',
        'seeds runs --metrics coco/bbox_mAP_at100',
    ]
    wanted = [f'{line} 0 []' for line in lines]
    # An error, since the file is none of an exported model: so far without
    (tmp_path / 'no.onnx').write_text('x')
    lines.append('predict shelves --weights no.onnx --out predictions')
    wanted.append(f'{lines[-1]} 1 []')
    assert run_lines(lines, tmp_path) == wanted


@pytest.mark.slow
def test_mmengine_registers_every_class():
    code = (
        'from mmengine.utils import import_modules_from_strings as load\n'
        'load(["dense_scene"])\n'
        'from mmdet.registry import HOOKS, MODELS, TRANSFORMS\n'
        'print("CompleteIoULoss" in MODELS.module_dict,\n'
        '      "DetectionCapHook" in HOOKS.module_dict,\n'
        '      "DetAutoAugment" in TRANSFORMS.module_dict)'
    )
    output, errors = run_code(code)
    assert (output.split(), errors) == (['True'] * 3, '')


def test_what_builds_a_model_registers_them(root):
    """Behind the door dense_scene/__init__.py does not.

    What registration itself loads need not, and the timing of a row runs
    without the door, in a process of its own.
    """
    package = root / 'projects/dense_scene'
    build = re.compile(
        r'import .*(DetInferencer|init_detector)|Runner.from_cfg|MODELS.build'
    )
    found = {
        path.relative_to(package).as_posix(): path.read_text()
        for path in package.rglob('*.py')
        if path.relative_to(package).parts[0] != 'models'
        and path.name != 'measure_speed.py'
        and build.search(path.read_text())
    }
    assert {
        'analysis/cascade/run.py',
        'inference/draw_predictions.py',
        'inference/torch_detector.py',
    } <= set(found)
    for name, text in found.items():
        assert 'import registration as registration' in text, name
    assert run.registration is torch_detector.registration is registration
    assert draw_predictions.registration is registration


@pytest.mark.slow
def test_the_demo_s_pictures_behind_the_door():
    code = (
        'import dense_scene_cli\n'
        'import dense_scene.inference.draw_predictions\n'
        'from mmdet.registry import TASK_UTILS\n'
        'print("DenseMaxIoUAssigner" in TASK_UTILS.module_dict)'
    )
    assert run_code(code) == ('True\n', '')


def test_the_door_runs_the_command(capsys):
    with pytest.raises(SystemExit):
        main(['seeds', '--help'])
    assert '    dense-scene seeds ' in capsys.readouterr().out
