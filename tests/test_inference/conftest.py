"""A small trained-looking model, and photos."""

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.utils import register_all_modules
from mmengine.config import Config

from dense_scene.testing import tiny_coco
from tests.tiny_two_stage import model_config


@pytest.fixture(scope='session')
def config_text():
    """A config of the tiny Cascade R-CNN that finds something everywhere."""
    model = model_config(3)
    model.test_cfg.rcnn.update(score_thr=0.3, max_per_img=50)
    model.backbone.norm_eval = True
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(128, 96), keep_ratio=True),
        dict(
            type='PackDetInputs',
            meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'),
        ),
    ]
    dataset = dict(type='CocoDataset', ann_file='none', pipeline=pipeline)
    cfg = dict(
        model=model,
        train_dataloader=dict(dataset=dataset),  # SAHI reads it
        test_dataloader=dict(dataset=dataset),
        visualizer=dict(type='DetLocalVisualizer', name='tiny'),
    )
    return Config(cfg).pretty_text


@pytest.fixture(scope='session')
def state_dict(config_text):
    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(Config.fromstring(config_text, '.py').model)
    for name, tensor in model.state_dict().items():
        if 'fc_cls.weight' in name or 'fc_reg.weight' in name:
            tensor.normal_(std=0.5)
    return model.state_dict()


@pytest.fixture
def save(tmp_path, config_text, state_dict):
    """Write a checkpoint; what is given takes the place of its parts."""

    def _save(name='tiny.pth', **parts):
        meta = dict(cfg=config_text, dataset_meta=dict(classes=('thing',)))
        path = tmp_path / name
        torch.save({'meta': meta, 'state_dict': state_dict, **parts}, path)
        return path

    return _save


@pytest.fixture
def photos(tmp_path):
    """Four images: two in the folder, two below it."""
    tiny_coco(tmp_path / 'data', 4)
    folder = tmp_path / 'photos'
    (folder / 'below').mkdir(parents=True)
    for number, name in enumerate(
        ('a.png', 'b.jpg', 'below/a.png', 'below/c')
    ):
        image = cv2.imread(
            str(tmp_path / f'data/images/00000{number + 1}.png')
        )
        cv2.imwrite(str(folder / name.replace('/c', '/c.bmp')), image)
    return folder


@pytest.fixture
def sheet():
    """Draw sheets of :mod:`.sheets` into files."""

    def _draw(path, boxes, size=(300, 200)):
        from .sheets import draw_sheet

        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), draw_sheet(np.array(boxes), size))

    return _draw
