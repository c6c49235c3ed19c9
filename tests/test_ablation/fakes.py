"""A training and a test that take a moment, and a suite of them."""

import json
from pathlib import Path

from dense_scene.ablation.queue.launcher import Launcher
from dense_scene.ablation.suites.suite import Suite, read_suite

CONFIG = """\
model = dict(
    factor=31, fail='', seconds=0.5, stages=[dict(num=1), dict(num=1)])
train_cfg = dict(max_epochs=3, pause=0.01)
train_dataloader = dict(batch_size=2, sampler=dict(size=2), dataset=dict(
    data_root='{root}', ann_file='train.json', data_prefix=dict(img='img/')))
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, end=4), dict(type='CosineLR')]
val_dataloader = None
test_dataloader = train_dataloader
test_evaluator = dict(type='Fake')
randomness = dict(seed=0)
unread = 1
"""
_ARGUMENTS = """\
import argparse, json, os, pathlib, runpy, time
parser = argparse.ArgumentParser()
parser.add_argument('config')
parser.add_argument('checkpoint', nargs='?')
parser.add_argument('--work-dir', type=pathlib.Path)
parser.add_argument('--resume', action='store_true')
args = parser.parse_args()
cfg = runpy.run_path(args.config)
args.work_dir.mkdir(parents=True, exist_ok=True)
"""
TRAIN = (
    _ARGUMENTS
    + """\
last = args.work_dir / 'last_checkpoint'
loader = cfg['train_dataloader']
steps = loader['sampler']['size'] // loader['batch_size']
scalars = args.work_dir / '0/vis_data/scalars.json'
scalars.parent.mkdir(parents=True, exist_ok=True)
epoch, value = 0, cfg['randomness']['seed'] + 1
if args.resume and last.exists():
    epoch, value = json.loads(pathlib.Path(last.read_text()).read_text())
while epoch < cfg['train_cfg']['max_epochs']:
    time.sleep(cfg['train_cfg']['pause'])
    exec(cfg['model']['fail'])
    epoch, value = epoch + 1, value * cfg['model']['factor'] % 997
    print(f'x - Epoch(train)  [{epoch}][1/{steps}]  lr: 1e-3  eta: 0:00:00  '
          f'time: 0.1  loss: {value}', flush=True)
    with open(scalars, 'a') as log:
        for step in range(epoch * steps - steps, epoch * steps):
            # Slower while it warms up, as a real one.
            line = dict(step=step + 1, loss=1.0, time=cfg['model']['seconds'])
            line['time'] *= 10 if step < 5 else 1
            print(json.dumps(line), file=log)
    path = args.work_dir / f'epoch_{epoch}.pth'
    for target, text in ((path, json.dumps([epoch, value])),
                         (last, str(path))):
        part = target.with_name('part')
        part.write_text(text)
        os.replace(part, target)
"""
)
TEST = (
    _ARGUMENTS
    + """\
_, value = json.loads(pathlib.Path(args.checkpoint).read_text())
folder = args.work_dir / '20260101_000000'
folder.mkdir()
path = folder / '20260101_000000.json'
path.write_text(json.dumps({'coco/bbox_mAP_at100': value / 1000, 'x': 'y'}))
print('x - Epoch(test) [1/1]    coco/bbox_mAP_at300: 0.5000')
"""
)
SUITE = """\
title: Fake
seeds: [0, 1]
metrics: [coco/bbox_mAP_at100]
rows:
  - {name: one, config: fake.py, paper: 0.4}
  - name: two
    config: fake.py
    parent: one
    options: {model.factor: 37}
"""


def write_suite(folder: Path, text: str = SUITE) -> Path:
    """A suite, its config, its data and its scripts; the suite's path."""
    (folder / 'data/img').mkdir(parents=True, exist_ok=True)
    (folder / 'data/img/a.png').write_bytes(b'picture')
    (folder / 'data/train.json').write_text(json.dumps([1]))
    (folder / 'fake.py').write_text(CONFIG.format(root=folder / 'data'))
    (folder / 'train.py').write_text(TRAIN)
    (folder / 'test.py').write_text(TEST)
    (folder / 'suite.yml').write_text(text)
    return folder / 'suite.yml'


def fake_suite(folder: Path, text: str = SUITE) -> tuple[Suite, Launcher]:
    """The suite, and the launcher of its scripts."""
    suite = read_suite(write_suite(folder, text))
    scripts = dict(train=folder / 'train.py', test=folder / 'test.py')
    return suite, Launcher(**scripts)


def result(seed: int, factor: int, epochs: int = 3) -> float:
    """What TRAIN and TEST make of a seed."""
    return (seed + 1) * factor**epochs % 997 / 1000
