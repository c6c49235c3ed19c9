"""The demo's steps, with the smoke model and a few scenes."""

import sys
from pathlib import Path

import pytest
from mmengine.config import Config

from dense_scene.cli import demo
from tests.chain import ROOT, SMOKE, run


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
        'run_demo(Path("small.py"), "data", "out", 8, 4, 2)\n'
    )
    done = run([sys.executable, '-c', code], tmp_path)
    assert 'recall bound' in done.stdout
    pictures = sorted(p.name for p in (tmp_path / 'out/pictures').iterdir())
    assert pictures == ['000001.png', '000002.png']


def test_a_failing_step_names_its_command():
    command = [sys.executable, '-c', 'raise SystemExit(3)']
    with pytest.raises(RuntimeError, match='ended with code 3.*SystemExit'):
        demo._run(command)


def test_help(tmp_path):
    done = run([sys.executable, str(ROOT / 'tools/demo.py'), '-h'], tmp_path)
    assert '--data-root' in done.stdout and 'work_dirs/demo' in done.stdout


def test_default_config_exists():
    from tools.demo import CONFIG

    assert Path(CONFIG).is_file()
