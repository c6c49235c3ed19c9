"""Every small system trains, resumes, tests and predicts with stock tools.

mmdet's own scripts, which `mim train` and `mim test` start, run here within
this process; test_chain.py starts them as a user does.
"""

import runpy
import sys
from collections import Counter
from pathlib import Path

import pytest
from mmdet.apis import DetInferencer
from mmengine.config import Config
from mmengine.utils import get_installed_path

from shelf_scenes.write import write_shelves
from tests.config_files import limit_boxes
from tests.test_systems import SMALL

TOOLS = Path(get_installed_path('mmdet')) / '.mim/tools'
# A system of two stages and one of one; the others take long.
FAST = ('faster-rcnn_r18', 'retinanet_r18')
NAMES = [
    pytest.param(name, marks=() if name in FAST else pytest.mark.slow_systems)
    for name in sorted(SMALL)
]


@pytest.fixture(scope='module')
def shelves(tmp_path_factory):
    """Eight training scenes and two to validate on."""
    folder = tmp_path_factory.mktemp('shelves')
    for split, count in (('train', 8), ('val', 2)):
        write_shelves(folder, count, split=split, size=160, objects=(10, 20))
    return folder


def small_config(name, folder):
    """Few boxes, test images of the size of the training ones."""
    cfg = Config.fromfile(SMALL[name])
    limit_boxes(cfg.model)
    for phase in ('train', 'val', 'test'):
        loader = cfg[f'{phase}_dataloader']
        loader.update(num_workers=0, persistent_workers=False)
        if phase != 'train':
            loader.dataset.pipeline[1].scale = (160, 160)
    cfg.train_dataloader.batch_size = 2
    path = folder / 'small.py'
    cfg.dump(path)
    return str(path)


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Run a script of mmdet; what it logged."""
    # Laying out the saved config takes longer than the training.
    monkeypatch.setattr(
        'mmengine.config.config.FormatCode', lambda text, **_: (text, True)
    )
    read = Counter()  # a name has a second: two runs may share a log

    def _run(script, *arguments):
        work_dir = ['--work-dir', str(tmp_path / 'out')]
        command = [script, *map(str, arguments), *work_dir]
        monkeypatch.setattr(sys, 'argv', command)
        runpy.run_path(str(TOOLS / script), run_name='__main__')
        news = ''
        for log in (tmp_path / 'out').glob('*/*.log'):
            text = log.read_text()
            news += text[read[log] :]
            read[log] = len(text)
        return news

    return _run


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_trains_resumes_tests_and_predicts(
    name, shelves, tool, tmp_path, monkeypatch
):
    """Four iterations, and four more after a resume."""
    monkeypatch.setenv('SHELVES_ROOT', str(shelves))
    config = small_config(name, tmp_path)
    tool('train.py', config, '--cfg-options', 'train_cfg.max_epochs=1')
    options = ['train_cfg.max_epochs=2', 'train_cfg.val_interval=2']
    log = tool('train.py', config, '--resume', '--cfg-options', *options)
    assert 'resumed epoch: 1, iter: 4' in log
    assert 'coco/bbox_mAP_at400' in log
    checkpoint = str(tmp_path / 'out/epoch_2.pth')
    assert 'coco/bbox_mAP_at300' in tool('test.py', config, checkpoint)
    infer = DetInferencer(config, checkpoint, device='cpu')
    found = infer(str(shelves / 'val'), no_save_vis=True)
    assert len(found['predictions']) == 2
