"""Loaders for debugging, and a package that is always imported."""

import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.registry import init_default_scope

from dense_scene.engine.dense_runner import DenseRunner
from tests.oracle_runner import build, loader, write_file


@pytest.fixture
def path(tmp_path):
    init_default_scope('mmdet')
    return write_file(tmp_path, 'a.json', 'ab')


def test_no_workers(path):
    config = loader(path)
    assert config['persistent_workers'] and config['num_workers'] == 0
    built = DenseRunner.build_dataloader({**config, 'prefetch_factor': 4})
    assert len(list(built)) == 1
    assert config['persistent_workers']  # the config is left as it was
    with_worker = DenseRunner.build_dataloader({**config, 'num_workers': 1})
    assert with_worker.persistent_workers
    assert DenseRunner.build_dataloader(built) is built


def test_nothing_to_train_on(tmp_path):
    path = write_file(tmp_path, 'a.json', 'ab')
    runner = build(
        tmp_path / 'run',
        path,
        path,
        'ab',
        train_dataloader=loader(path, indices=0),
    )
    with pytest.raises(
        ValueError, match='a.json must give .* has 0 images for batches of 1'
    ):
        runner.train()


def test_no_batch(path):
    config = {**loader(path), 'batch_size': 2, 'drop_last': True}
    with pytest.raises(
        ValueError, match='a.json must give .* has 1 images for batches of 2'
    ):
        DenseRunner.build_dataloader(config)


def test_a_child_with_imports_of_its_own_finds_our_classes(tmp_path):
    """As mmdet's tools build a runner; a registry of another process."""
    code = (
        'import sys\n'
        'from mmengine.config import Config\n'
        'from mmengine.registry import RUNNERS\n'
        'cfg = Config.fromfile(sys.argv[1])\n'
        "assert 'dense_scene' not in sys.modules\n"
        'runner = RUNNERS.get(cfg.runner_type)\n'
        'from mmdet.registry import HOOKS\n'
        "print(runner.__name__, HOOKS.get('StartCheckHook').__name__)\n"
    )
    child = tmp_path / 'child.py'
    child.write_text(
        "_base_ = '"
        + str(Path(__file__).parents[2])
        + "/configs/_base_/dense_scene_runtime.py'\n"
        "custom_imports = dict(imports=['json'])\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', code, str(child)],
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ['DenseRunner', 'StartCheckHook'], (
        done.stderr
    )
