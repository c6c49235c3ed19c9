"""Our schedules fit their length, and the cosine ones every length."""

import re

import pytest

from tests.config_files import LEAVES, load

from .test_schedule import PER_EPOCH, warnings

ONE_OF_EACH = [
    'cascade-rcnn_r101_fpn_1xb2-6e_sku110k-sub.py',
    'cascade-rcnn_r101_fpn_strong_1xb2-24e_sku110k.py',
    'ddq-detr_r50_1xb2-6e_sku110k-sub.py',
    'ddq-detr_r50_8xb2-12e_coco.py',
    'ppyolo_r50vd-dcn_8xb24-811e_coco.py',
    'rtmdet-s_8xb32-300e_coco.py',
    'yolov3_d53_8xb8-273e_coco.py',
]
FROM_SCRATCH = [
    'cascade-rcnn_r101-scratch_fpn_1xb2-24e_nuclei.py',
    'cascade-rcnn_r18-scratch_fpn_1xb4-3e_nuclei.py',
]


def read(name):
    (path,) = (leaf for leaf in LEAVES if leaf.name == name)
    return load(path)


@pytest.mark.parametrize('name', ONE_OF_EACH + FROM_SCRATCH)
def test_schedule_and_batch_size_fit(name):
    cfg = read(name)
    epochs = cfg.train_cfg.max_epochs
    # 5,000 iterations of warm-up at most, as an epoch of COCO has.
    long = [dict(item) for item in cfg.param_scheduler]
    for item in long:
        if not item['by_epoch']:
            item['end'] = min(item['end'], PER_EPOCH)
    assert warnings(*long, epochs=epochs) == []
    gpus, batch = map(int, re.search(r'_(\d+)xb(\d+)-', name).groups())
    assert cfg.train_dataloader.batch_size == batch
    assert cfg.auto_scale_lr.base_batch_size == gpus * batch
    assert 'max_epochs' not in cfg  # it would do nothing in a child


@pytest.mark.parametrize('name', FROM_SCRATCH)
@pytest.mark.parametrize('epochs', [2, 6, 30])
def test_a_child_needs_its_length_only(name, epochs):
    """train/29: lr was at its peak, or far from 0, in the last epoch."""
    assert warnings(*read(name).param_scheduler, epochs=epochs) == []
