"""A work folder of two rows and two seeds, as runs leave it."""

import json
from pathlib import Path

import numpy as np

from dense_scene.ablation.comparison.results import SuiteResults, read_results
from dense_scene.ablation.records.record import RunRecord
from dense_scene.ablation.records.record_file import append_record
from dense_scene.ablation.suites.data_state import describe_data
from dense_scene.ablation.suites.resolve import resolve_suite, write_row
from dense_scene.ablation.suites.suite import read_suite
from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from dense_scene.testing import tiny_coco
from tests.test_ablation.fakes import write_suite

SUITE = """\
title: Two rows <b>
seeds: [0, 1]
metrics: [coco/bbox_mAP_at100]
rows:
  - {name: base, config: fake.py, paper: 0.4}
  - name: + half
    config: fake.py
    parent: base
    paper: 0.41
    options: {model.factor: 37}
"""
CONFIG = """\
model = dict(factor=31, roi_head=dict(stage_loss_weights=[1, 0.5]))
test_dataloader = dict(dataset=dict(
    data_root='{root}', ann_file='annotations.json',
    data_prefix=dict(img='images/')))
"""


def write_results(folder: Path) -> tuple[SuiteResults, Path]:
    """The results and their work folder."""
    path = write_suite(folder, SUITE)
    ann_file = tiny_coco(folder / 'data', num_images=4)
    text = CONFIG.format(root=folder / 'data')
    (folder / 'fake.py').write_text(text)
    truth = GroundTruth.from_coco(str(ann_file))
    suite, work_dir = read_suite(path), folder / 'work'
    rows = resolve_suite(suite)
    for number, row in enumerate(rows):
        write_row(row, work_dir / row.row.slug)
        for seed in suite.seeds:
            run = work_dir / row.row.slug / str(seed)
            _write_run(run, truth, number, seed)
            ap = 0.3 + 0.1 * number + 0.01 * seed * (number + 1)
            record = RunRecord(
                row=row.row.name,
                seed=seed,
                state='finished',
                ended='2026-01-01T00:00:00+00:00',
                config=row.row.config,
                config_sha256=row.sha256,
                parent_sha256=rows[0].sha256 if number else '',
                data=describe_data(row.cfg),
                metrics={'coco/bbox_mAP_at100': ap},
                seconds=5.0,
                commit='abc',
                versions={'torch': '2.6'},
                hardware='2 cores',
            )
            append_record(work_dir / 'records.jsonl', record)
    return read_results(suite, work_dir), work_dir


def _write_run(run: Path, truth: GroundTruth, number: int, seed: int) -> None:
    log = run / '20260101_000000/vis_data'
    log.mkdir(parents=True)
    text = 'stage_loss_weights=[1, 0.5]\n'
    (log / 'config.py').write_text(text)
    lines = [
        {
            'step': step,
            'loss': 2 / step + number,
            **{
                f's{stage}.{loss}': (stage + 1) / step
                for stage in (0, 1)
                for loss in ('loss_cls', 'loss_bbox')
            },
        }
        for step in range(1, 20)
    ]
    (log / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    counts = dict(
        objects=10,
        positives_histogram=[[4, 6], [1 + number, 9]],
        iou_sum=[5.0, 7.0],
        inputs=[10, 10],
    )
    name = 'proposal_quality_train_19.json'
    (log.parent / name).write_text(json.dumps(counts))
    rows = slice(None, None, number + 1)
    count = len(truth.boxes[rows])
    found = Detections(
        truth.image_ids[rows],
        truth.boxes[rows],
        np.linspace(0.9, 0.5, count),
        truth.labels[rows],
    )
    meta = dict(classes=truth.classes)
    save_detections(
        run / 'detections.npz', found, meta, truth.columns.image_ids
    )
