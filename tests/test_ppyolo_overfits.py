"""PP-YOLO as a whole learns eight rendered shelves by heart."""

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from shelf_scenes.write import write_shelves
from tests.config_files import CONFIGS

EPOCHS = 150


@pytest.mark.slow_systems
def test_the_small_model_overfits_eight_shelves(tmp_path, monkeypatch):
    write_shelves(tmp_path, 8, size=256, objects=(10, 20), workers=1)
    monkeypatch.setenv('SHELVES_ROOT', str(tmp_path))
    path = CONFIGS / 'ppyolo/ppyolo_r50vd-dcn-scratch_1xb4-3e_shelves.py'
    cfg = Config.fromfile(path)
    cfg.work_dir = str(tmp_path / 'out')
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
        loader.dataset.update(
            ann_file='annotations/train.json', data_prefix=dict(img='train/')
        )
    cfg.test_dataloader = cfg.val_dataloader
    # No flips: what is learnt is what is asked.
    cfg.train_dataloader.dataset.pipeline.pop(-2)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.pipeline[1].scale = (256, 256)
    for name in ('val_evaluator', 'test_evaluator'):
        cfg[name].ann_file = str(tmp_path / 'annotations/train.json')
    cfg.train_cfg.update(max_epochs=EPOCHS, val_interval=EPOCHS)
    cfg.param_scheduler[1].update(T_max=EPOCHS, end=EPOCHS)
    cfg.default_hooks.checkpoint.interval = EPOCHS
    runner = Runner.from_cfg(cfg)
    runner.train()
    metrics = runner.message_hub.log_scalars
    assert metrics['val/coco/bbox_mAP_50_at300'].current() > 0.9
