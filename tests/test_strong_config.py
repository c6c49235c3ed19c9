"""The strong SKU-110K config: tiles in training, full frames in testing."""

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS, METRICS, MODELS, TASK_UTILS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from dense_scene.testing import tiny_sku110k
from tests.config_files import difference, shrink, sku_row

PARENT = sku_row('fpn_dense-proposal-balanced-l1')
STRONG = PARENT.with_name('cascade-rcnn_r101_fpn_strong_1xb2-24e_sku110k.py')
FRAME = (320, 256)


@pytest.fixture(scope='module')
def strong() -> Config:
    """The config as it is; to be read only."""
    return Config.fromfile(STRONG)


@pytest.fixture
def cfg(tmp_path, monkeypatch) -> Config:
    """The config over four photos a split, of a size that it enlarges."""
    init_default_scope('mmdet')
    tiny_sku110k(tmp_path, num_images=2, size=(160, 128))
    monkeypatch.setenv('SKU110K_ROOT', str(tmp_path))
    cfg = Config.fromfile(STRONG)
    cfg.train_dataloader.dataset.pipeline[2].scale = FRAME
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.pipeline[1].scale = FRAME
    return cfg


def test_the_model_differs_from_the_paper_only_as_said(strong):
    paper = Config.fromfile(PARENT)
    assert difference(strong.model.to_dict(), paper.model.to_dict()) == {
        'rpn_head.anchor_generator.scales',
        'train_cfg.rpn.assigner.ignore_iof_thr',
        'train_cfg.rcnn.assigner.ignore_iof_thr',
        'test_cfg.rcnn.nms.type',
        'test_cfg.rcnn.nms.min_score',
        'test_cfg.rcnn.max_per_img',
    }


def test_numbers_of_boxes_agree(strong):
    train, test = strong.model.train_cfg, strong.model.test_cfg
    assert train.rpn.sampler.num == 1024
    assert [stage.sampler.num for stage in train.rcnn] == [3072] * 3
    assert test.rpn.max_per_img == 3000
    # What is not kept cannot be counted, and what is kept must be.
    kept = test.rcnn.max_per_img
    for evaluator in (strong.val_evaluator, strong.test_evaluator):
        assert kept == max(evaluator.max_dets) >= 400


def test_splits_are_whole_and_apart(strong):
    for phase in ('train', 'val', 'test'):
        dataset = strong[f'{phase}_dataloader'].dataset
        assert dataset.ann_file == f'annotations/annotations_{phase}.csv'
        assert dataset.manifest is None


def test_frames_are_resized_alike(strong):
    resizes = [
        step
        for phase in ('train', 'val', 'test')
        for step in strong[f'{phase}_dataloader'].dataset.pipeline
        if step.type == 'Resize'
    ]
    assert len(resizes) == 3
    assert resizes[0] == resizes[1] == resizes[2]


@pytest.mark.parametrize('part', ['rpn', 0, 1, 2])
def test_assigners_leave_cut_off_objects_out(part, strong):
    """Two objects, and a piece of one that the tile cuts off."""
    train = strong.model.train_cfg
    stage = train.rpn if part == 'rpn' else train.rcnn[part]
    assigner = TASK_UTILS.build(stage.assigner)
    truth = InstanceData(
        bboxes=torch.tensor([[0.0, 0, 40, 40], [40.0, 0, 80, 40]]),
        labels=torch.zeros(2, dtype=torch.long),
    )
    cut_off = InstanceData(bboxes=torch.tensor([[80.0, 0, 90, 40]]))
    priors = torch.tensor(
        [
            [0.0, 0, 40, 40],  # the first object
            [80.0, 0, 90, 30],  # within the piece
            [76.0, 0, 88, 40],  # two thirds of it in the piece
            [70.0, 0, 88, 40],  # 8 of 18 columns in the piece: background
            [100.0, 0, 140, 40],  # background
        ]
    )
    found = assigner.assign(InstanceData(priors=priors), truth, cut_off)
    assert found.gt_inds.tolist()[:3] == [1, -1, -1]
    # Low-quality matches of the RPN may take what overlaps an object.
    assert found.gt_inds.tolist()[4] == 0
    if part != 'rpn':
        assert found.gt_inds.tolist()[3] == 0


def test_objects_are_as_large_in_tiles_as_in_frames(cfg):
    np.random.seed(0)
    tiles = DATASETS.build(cfg.train_dataloader.dataset)
    frames = DATASETS.build(cfg.test_dataloader.dataset)
    # Objects of 26 x 28 on 160 x 128, shown on 320 x 256
    assert frames[0]['inputs'].shape == (3, 256, 320)
    for index in range(4):
        sample = tiles[index % 2]
        # 0.6 of both sides, rounded up
        assert sample['inputs'].shape == (3, 154, 192)
        boxes = sample['data_samples'].gt_instances.bboxes
        whole = (boxes.widths > 51.9) & (boxes.heights > 55.9)
        assert whole.any()
        assert boxes.widths.max() <= 52 and boxes.heights.max() <= 56


@pytest.mark.slow
def test_trains_on_tiles_and_finds_on_frames(cfg):
    np.random.seed(0)
    torch.manual_seed(0)
    for stage in cfg.model.train_cfg.rcnn:
        stage.sampler.num = 32
    for head in cfg.model.roi_head.bbox_head:
        head.fc_out_channels = 32
    for part in (cfg.model.train_cfg.rpn_proposal, cfg.model.test_cfg.rpn):
        part.max_per_img = 100
    model = MODELS.build(shrink(cfg))
    model.init_weights()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    tiles = DATASETS.build(cfg.train_dataloader.dataset)
    model.train()
    for _ in range(2):
        batch = model.data_preprocessor(
            pseudo_collate([tiles[0], tiles[1]]), training=True
        )
        total, _ = model.parse_losses(model(**batch, mode='loss'))
        assert total.isfinite()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    frames = DATASETS.build(cfg.test_dataloader.dataset)
    metric = METRICS.build(cfg.test_evaluator)
    metric.dataset_meta = frames.metainfo
    metric.use_dataset(frames)
    model.eval()
    with torch.no_grad():
        for index in range(2):
            found = model.test_step(pseudo_collate([frames[index]]))
            boxes = found[0].pred_instances.bboxes
            # On the photo's own 160 x 128, up to 100 of them
            assert 0 < len(boxes) <= 100
            assert boxes[:, 2].max() <= 160 and boxes[:, 3].max() <= 128
            metric.process(None, [one.to_dict() for one in found])
    values = metric.evaluate(size=2)
    assert {f'coco/bbox_mAP_at{cap}' for cap in (100, 300, 500)} <= set(values)
    # 15 objects an image, all of which any of the caps reaches
    assert values['coco/recall_bound_at100'] == 1
