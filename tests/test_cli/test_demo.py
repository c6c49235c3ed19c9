"""The demo's steps, with the smoke model and a few scenes."""

import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from dense_scene.cli import demo
from dense_scene.cli.options import find_config
from tests.chain import SMOKE, run

TRAIN = [
    '03:02 - mmengine - INFO - Epoch(train)  [2][ 20/60]  lr: 1e-3  '
    'eta: 0:00:40  time: 0.5  loss: 2.5  s0.loss_cls: 0.6\n',
    'some other line\n',
    '03:03 - mmengine - INFO - Epoch(train)  [2][ 60/60]  lr: 1e-3  '
    'eta: 0:00:20  time: 0.5  loss: 1.5  s0.loss_cls: 0.6\n',
    '03:03 - mmengine - INFO - Saving checkpoint at 2 epochs\n',
    '| 300 | 0.6 |\n',
    '03:04 - mmengine - INFO - Epoch(val) [2][40/40]    '
    'coco/bbox_mAP_at300: 0.6230  coco/bbox_mAP_50_at300: 0.8950  time: 0.1\n',
]


@pytest.mark.slow
def test_demo_from_rendering_to_pictures(tmp_path):
    cfg = Config.fromfile(SMOKE)
    cfg.model.backbone.depth = 18
    cfg.model.neck.in_channels = [64, 128, 256, 512]
    # The demo sets SHELVES_ROOT; a dumped config no longer reads it.
    text = cfg.pretty_text.replace(cfg.data_root, str(tmp_path / 'data'))
    (tmp_path / 'small.py').write_text(text)
    code = (
        'from pathlib import Path\n'
        'from dense_scene.cli.demo import run_demo\n'
        'from dense_scene.cli.noise import quiet\n'
        'with quiet():\n'
        '    run_demo(Path("small.py"), "data", "out", 8, 4, 2)\n'
    )
    done = run([sys.executable, '-c', code], tmp_path)
    assert 'recall bound' in done.stdout
    assert 'epoch 1: train 4/4' in done.stdout
    # Everything else is in the logs.
    assert len(done.stdout.splitlines()) < 25 and 'arn' not in done.stdout
    assert 'Epoch(train) [1][4/4]' in (tmp_path / 'out/train.log').read_text()
    pictures = sorted(p.name for p in (tmp_path / 'out/pictures').iterdir())
    assert pictures == ['000001.png', '000002.png']


def test_news_of_a_training():
    found = list(demo._news(TRAIN))
    first = '  epoch 2: train 20/60, eta 0:00:40, loss 2.5'
    last = '  epoch 2: train 60/60, eta 0:00:20, loss 1.5'
    result = '  epoch 2: AP 0.6230, AP50 0.8950 at 300 detections'
    assert found == [(first, False), (last, False), (last, True)] + [
        (result, True)
    ]


def test_the_table_of_a_test_is_shown():
    step = '03:04 - mmengine - INFO - Epoch(test) [40/40]    eta: 0:00:00\n'
    table = ['+-----+\n', '| cap |\n', '+-----+\n']
    assert list(demo._news([step, *table]))[1:] == [
        (line.strip(), True) for line in table
    ]


def test_a_failing_step_shows_its_last_lines_and_names_its_log(
    tmp_path, capsys
):
    code = 'print(*range(30), sep="\\n"); raise SystemExit(3)'
    command = [sys.executable, '-c', code]
    with pytest.raises(ChildProcessError, match='code 3.*train.log'):
        demo._follow(command, tmp_path / 'train.log')
    shown = capsys.readouterr().err.split()
    assert shown == list(map(str, range(10, 30)))
    assert (tmp_path / 'train.log').read_text().split() == list(
        map(str, range(30))
    )


def test_the_cause_is_not_the_traceback_of_mim(tmp_path, capsys):
    command = [sys.executable, '-m', 'mim', 'train', 'mmdet', 'none.py']
    with pytest.raises(ChildProcessError):
        demo._follow(command, tmp_path / 'train.log')
    shown = capsys.readouterr().err
    assert 'runpy' in (tmp_path / 'train.log').read_text()
    assert 'runpy' not in shown
    lines = ['ValueError: x\n', 'Traceback (most recent call last):\n']
    lines += ['  File "<frozen runpy>", line 198\n', 'CalledProcessError\n']
    assert demo._cause(lines) == lines[:1]
    lines[2] = '  File "/usr/lib/python3.10/runpy.py", line 196\n'
    assert demo._cause(lines) == lines[:1]


def test_default_config_exists():
    assert Path(find_config(demo.CONFIG)).is_file()
