"""One suite through mmdet's own scripts, from training to the report."""

import shutil

import pytest
from mmengine.config import Config

from dense_scene.ablation.comparison.comparison import compare_rows
from dense_scene.ablation.comparison.results import read_results
from dense_scene.ablation.queue.run_suite import Limits, run_suite
from dense_scene.ablation.records.record_file import read_records, speeds
from dense_scene.ablation.report.report import write_report
from dense_scene.ablation.speed.measure_rows import measure_rows
from dense_scene.ablation.suites.suite import read_suite
from shelf_scenes.write import write_shelves
from tests.chain import SMOKE, environment

SUITE = f"""\
title: Real
metrics: [coco/bbox_mAP_at100, coco/AR_at300, coco/count_MAE_at0.5]
options:
  model.backbone.depth: 18
  model.neck.in_channels: [64, 128, 256, 512]
  train_dataloader.num_workers: 0
  train_dataloader.persistent_workers: false
  custom_hooks: [{{type: EMAHook}}]
data:
  train_dataloader.dataset.indices: 4
rows:
  - {{name: smoke, config: '{SMOKE}'}}
"""


@pytest.mark.slow
def test_from_training_to_the_report(tmp_path, monkeypatch):
    scenes = tmp_path / 'scenes'
    for split, count in (('train', 4), ('val', 4)):
        write_shelves(scenes, count, split, 192, objects=(5, 9))
    monkeypatch.setenv('SHELVES_ROOT', str(scenes))
    (tmp_path / 'suite.yml').write_text(SUITE)
    suite, work_dir = read_suite(tmp_path / 'suite.yml'), tmp_path / 'work'
    limits, env = Limits(devices=['cpu']), environment()
    (job,) = run_suite(suite, work_dir, limits, env=env)
    assert job.state == 'finished', job.log.read_text()[-4000:]
    # The scripts read what the row says, with its seed.
    (dumped,) = job.folder.glob('*_0.py')
    cfg = Config.fromfile(dumped)
    assert (cfg.model.backbone.depth, cfg.randomness.seed) == (18, 0)
    (record,) = read_records(work_dir / 'records.jsonl')
    # 4 images in batches of 2, one epoch
    assert record.iterations == 2 and record.seconds_per_iteration > 0
    assert {*suite.metrics, 'coco/bbox_mAP_at300'} <= set(record.metrics)
    assert (job.folder / 'detections.npz').is_file()
    assert not measure_rows(suite, work_dir, limits, env, None, 2, 1)
    speed = speeds(read_records(work_dir / 'records.jsonl'))['smoke']
    assert speed.fps_model >= speed.fps > 0 and speed.gmacs > 1
    weights = 4 * speed.parameters
    checkpoint = job.folder / 'epoch_1.pth'
    # Weights, two moments of AdamW, and the average of EMAHook
    assert checkpoint.stat().st_size == pytest.approx(4 * weights, rel=0.1)
    shutil.rmtree(job.folder / 'test')
    results = read_results(suite, work_dir)
    comparison = compare_rows(results, work_dir)
    page = write_report(comparison, tmp_path / 'report.html').read_text()
    assert 'Stage 3, localization loss' in page and 'Density' in page
