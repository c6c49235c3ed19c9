"""PP-YOLO's configs: caps, batch-random sizes, EMA, training and resuming."""

import random

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.model import MomentumAnnealingEMA
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from dense_scene.testing import tiny_sku110k, touching_row
from tests.config_files import CONFIGS, LEAVES, load

PPYOLO = [path for path in LEAVES if path.parent.name == 'ppyolo']
SMALL = load(CONFIGS / 'ppyolo/ppyolo_r50vd-dcn-scratch_1xb4-3e_shelves.py')
SKU = CONFIGS / 'ppyolo/ppyolo_r50vd-dcn_1xb2-6e_sku110k-sub.py'
each_leaf = pytest.mark.parametrize('path', PPYOLO, ids=lambda p: p.stem)


@each_leaf
def test_line_1_names_the_papers_value(path):
    first = path.read_text().splitlines()[0]
    coco = path.stem.endswith('_coco')
    assert first.startswith('# Table 3, ' if coco else '# Table 2, ')
    assert ('0.453)' if coco else '0.362)') in first


@each_leaf
def test_caps_hold_what_a_dense_image_needs(path):
    """99.5% of SKU-110K's images hold at most 356 objects."""
    cfg = load(path)
    assert cfg.model.test_cfg.max_per_img >= 400
    assert cfg.model.test_cfg.nms_pre >= 3000
    coco = path.stem.endswith('_coco')  # whose protocol counts 100
    assert max(cfg.val_evaluator.max_dets) >= (300 if coco else 400)
    head = cfg.model.bbox_head
    assert head.num_classes == (80 if coco else 1)


@each_leaf
def test_average_and_mixture_are_where_they_belong(path):
    cfg = load(path)
    (ema,) = (hook for hook in cfg.custom_hooks if hook.type == 'EMAHook')
    assert ema.momentum == 0.0002
    mixed = cfg.train_dataloader.dataset.type == 'MultiImageMixDataset'
    assert mixed == ('-scratch' not in path.stem)


def test_the_average_is_the_originals():
    """A decay of min(0.9998, t / (9 + t)) at step t."""
    source = torch.nn.Linear(1, 1, bias=False)
    average = MomentumAnnealingEMA(source, momentum=0.0002, gamma=9)
    expected = None
    for step in range(5):
        torch.nn.init.constant_(source.weight, step**2)
        average.update_parameters(source)
        decay = step / (9 + step)
        last = float(step**2)
        expected = last if step == 0 else decay * expected + (1 - decay) * last
    assert average.module.weight.item() == pytest.approx(expected)


def batch(kinds):
    """Images of (height, width) with so many touching objects each."""
    images, samples = [], []
    for (height, width), count in kinds:
        rows = [
            touching_row(
                min(count - start, 28), (11, 12), (0, start // 28 * 12)
            )
            for start in range(0, count, 28)
        ]
        boxes = torch.cat([torch.zeros(0, 4), *rows])
        sample = DetDataSample(
            metainfo=dict(
                img_shape=(height, width),
                ori_shape=(height, width),
                scale_factor=(1.0, 1.0),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=boxes,
            labels=torch.zeros(count, dtype=torch.long),
            scores=torch.full((count,), 0.5),
        )
        sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
        samples.append(sample)
        images.append(
            torch.randint(0, 256, (3, height, width), dtype=torch.uint8)
        )
    return dict(inputs=images, data_samples=samples)


def test_every_batch_has_a_square_of_its_own():
    init_default_scope('mmdet')
    preprocess = MODELS.build(load(SKU).model.data_preprocessor)
    # What a Runner keeps there; the stock class asks for it.
    MessageHub.get_current_instance().update_info('iter', 0)
    random.seed(0)
    sizes = []
    for _ in range(60):
        out = preprocess(batch([((608, 608), 1)]), training=True)
        height, width = out['inputs'].shape[-2:]
        (sample,) = out['data_samples']
        assert height == width == sample.img_shape[0]
        # The first object's 11 x 12 pixels follow; its score stays.
        expected = torch.tensor([0, 0, 11, 12]) * height / 608
        torch.testing.assert_close(sample.gt_instances.bboxes[0], expected)
        assert sample.gt_instances.scores.tolist() == [0.5]
        sizes.append(height)
    # 10 sizes, each missed by 60 draws with a chance of 0.9^60 = 0.2%
    assert set(sizes) <= set(range(320, 609, 32))
    assert len(set(sizes)) >= 8


KINDS = {
    'none': [((97, 131), 0), ((97, 131), 0)],
    'mixed': [((97, 131), 0), ((64, 203), 1), ((320, 320), 90)],
    'many': [((320, 320), 700)],
}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('bfloat16', [False, True])
def test_a_step_and_a_prediction(kind, bfloat16):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(SMALL.model)
    model.init_weights()
    model.train()
    data = model.data_preprocessor(batch(KINDS[kind]), training=True)
    with torch.autocast('cpu', torch.bfloat16, enabled=bfloat16):
        total, losses = model.parse_losses(model(**data, mode='loss'))
    assert all(value.isfinite() for value in losses.values())
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
    model.eval()
    data = model.data_preprocessor(batch(KINDS[kind]), training=False)
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16, bfloat16):
        for result in model(**data, mode='predict'):
            assert result.pred_instances.bboxes.isfinite().all()


@pytest.mark.slow
def test_the_row_of_sku110k_trains_resumes_and_tests(tmp_path, monkeypatch):
    """Its data, optimizer, hooks and MixUp, with the small model."""
    # Laying out the saved config takes longer than the training.
    monkeypatch.setattr(
        'mmengine.config.config.FormatCode', lambda text, **_: (text, True)
    )
    monkeypatch.setenv('SKU110K_ROOT', str(tiny_sku110k(tmp_path / 'data')))
    cfg = Config.fromfile(SKU)
    cfg.work_dir = str(tmp_path / 'out')
    small = {
        f'model.{part}': SMALL.model[part]
        for part in ('backbone', 'neck', 'bbox_head')
    }
    cfg.merge_from_dict(small)
    cfg.model.data_preprocessor.batch_augments[0].random_size_range = (64, 128)
    cfg.model.backbone.init_cfg = None
    for name in ('train', 'val', 'test'):
        loader = cfg[f'{name}_dataloader']
        loader.update(num_workers=0, persistent_workers=False)
        inner = loader.dataset.get('dataset', loader.dataset)
        inner.manifest = None
        if name != 'train':
            inner.pipeline[1].scale = (128, 128)
    resize = cfg.train_dataloader.dataset.pipeline[1].transforms[3]
    assert resize.pop('scale') == (608, 608)
    resize.scale = (128, 128)
    cfg.train_cfg.update(max_epochs=1, val_interval=9)
    runner = Runner.from_cfg(cfg)
    runner.train()
    last = tmp_path / 'out/epoch_1.pth'
    # What is kept is of the average, what was trained is beside it.
    checkpoint = torch.load(last, weights_only=True)
    assert {'state_dict', 'ema_state_dict', 'optimizer'} <= set(checkpoint)
    cfg.update(resume=True, load_from=str(last), experiment_name='resumed')
    cfg.train_cfg.update(max_epochs=2)
    resumed = Runner.from_cfg(cfg)
    resumed.train()
    assert resumed.epoch == 2 and resumed.iter == 4
    assert 'coco/bbox_mAP_at300' in resumed.test()
