"""The systems of ``duplicates/``, small: they train, fit and predict."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_overlaps
from mmdet.utils import register_all_modules
from mmengine.structures import InstanceData
from torch import nn

import dense_scene  # noqa: F401  registers the heads
from dense_scene.models.heads import DenseBBoxHead
from dense_scene.testing import touching_row
from tests.config_files import CONFIGS, load

ROWS = ('soft-iou', 'emd', 'soft-nms', 'diou-nms', 'matrix-nms')
each_row = pytest.mark.parametrize('row', ROWS)
# Those whose training differs from the parent's.
trained = pytest.mark.parametrize('row', ROWS[:2])


def _model(row: str, proposals: int = 60, classes: int = 1) -> nn.Module:
    """The row's shelves config with fewer boxes and channels."""
    register_all_modules()
    torch.manual_seed(0)
    name = f'cascade-rcnn_r18-scratch_fpn_dense-proposal-{row}_1xb4-3e'
    model = load(CONFIGS / 'shelves' / f'{name}_shelves.py').model
    model.backbone.update(stem_channels=16, base_channels=16)
    model.neck.in_channels = [16, 32, 64, 128]
    for part in (model.train_cfg.rpn_proposal, model.test_cfg.rpn):
        part.max_per_img = proposals
    for stage, head in zip(model.train_cfg.rcnn, model.roi_head.bbox_head):
        stage.sampler.num = 64
        head.num_classes = classes
    built = MODELS.build(model)
    built.init_weights()
    return built


def _batch(*counts: int, size: tuple[int, int] = (96, 128)) -> dict:
    """Images with rows of so many touching objects, bright on dark."""
    images, samples = [], []
    draw = torch.Generator().manual_seed(0)
    for count in counts:
        per_row = max(1, min(count, 10 if count < 100 else 50))
        width, height = (11, 20) if count < 100 else (2, 6)
        boxes = torch.cat(
            [
                touching_row(
                    per_row, (width, height), (4, 2 + (height + 2) * row)
                )
                for row in range(-(-count // per_row))
            ]
            or [torch.zeros(0, 4)]
        )[:count]
        image = torch.full((3, *size), 40, dtype=torch.uint8)
        for x1, y1, x2, y2 in boxes.int().tolist():
            color = torch.randint(100, 256, (3, 1, 1), generator=draw)
            image[:, y1:y2, x1:x2] = color.byte()
        sample = DetDataSample(
            metainfo=dict(
                img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0)
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=boxes, labels=torch.zeros(count, dtype=torch.long)
        )
        images.append(image)
        samples.append(sample)
    return dict(inputs=images, data_samples=samples)


def _losses(model: nn.Module, batch: dict) -> dict:
    batch = model.data_preprocessor(batch, training=True)
    return model(**batch, mode='loss')


@trained
@pytest.mark.parametrize('half', [False, True], ids=['fp32', 'bf16'])
def test_a_training_step_is_finite(row, half):
    model = _model(row).train()
    with torch.autocast('cpu', torch.bfloat16, enabled=half):
        losses = _losses(model, _batch(20, 0, 1, 30))
    total, log = model.parse_losses(losses)
    total.backward()
    assert all(value == value for value in log.values())
    for stage, head in enumerate(model.roi_head.bbox_head):
        name = {'soft-iou': 'loss_iou', 'emd': 'loss_rcnn_emd'}[row]
        assert log[f's{stage}.{name}'] > 0
        assert all(p.grad.isfinite().all() for p in head.parameters())
        # Of the two boxes of a proposal one may be nobody's at first.
        layers = head.fc_cls, head.fc_reg, getattr(head, 'fc_iou', head.fc_cls)
        for layer in layers:
            assert sum(p.grad.abs().sum() for p in layer.parameters()) > 0


@trained
def test_a_batch_without_objects(row):
    model = _model(row).train()
    total, _ = model.parse_losses(_losses(model, _batch(0, 0)))
    total.backward()
    assert total.isfinite()


@each_row
@pytest.mark.parametrize('half', [False, True], ids=['fp32', 'bf16'])
def test_predicts_any_number_of_objects(row, half):
    model = _model(row, proposals=900).eval()
    cap = model.test_cfg.rcnn.max_per_img = 800
    batch = _batch(0, 1, 700, size=(130, 110))
    batch = model.data_preprocessor(batch, training=False)
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16, enabled=half):
        results = model(**batch, mode='predict')
    for result in results:
        found = result.pred_instances
        assert 0 < len(found) <= cap
        assert found.bboxes.isfinite().all()
        assert found.labels.dtype == torch.long and not found.labels.any()
        assert (found.scores.diff() <= 0).all()


def test_a_stage_of_two_boxes_works_on_as_many_as_the_one_before():
    model = _model('emd').eval()
    seen = []
    for extractor in model.roi_head.bbox_roi_extractor:
        extractor.register_forward_hook(
            lambda _, args, output: seen.append(args[1])
        )
    batch = model.data_preprocessor(_batch(5, 20), training=False)
    with torch.no_grad():
        model(**batch, mode='predict')
    counts = [rois[:, 0].long().bincount().tolist() for rois in seen]
    assert counts[0] == counts[1] == counts[2] and len(counts[0]) == 2


@trained
def test_of_several_classes_each_is_learnt_and_found(row):
    model = _model(row, classes=3).train()
    batch = _batch(20, 0, 6)
    for sample in batch['data_samples']:
        labels = sample.gt_instances.labels
        labels += torch.arange(len(labels)) % 3
    total, log = model.parse_losses(_losses(model, batch))
    total.backward()
    assert all(value.isfinite() for value in log.values())
    batch = model.data_preprocessor(_batch(20), training=False)
    model.test_cfg.rcnn.score_thr = 0.0
    with torch.no_grad():
        [result] = model.eval()(**batch, mode='predict')
    found = result.pred_instances
    assert set(found.labels.tolist()) == {0, 1, 2}


def test_the_other_rows_train_the_parent():
    for row in ROWS[2:]:
        heads = _model(row).roi_head.bbox_head
        assert {type(head) for head in heads} == {DenseBBoxHead}


@pytest.mark.slow_systems
@trained
def test_fits_two_images(row):
    """The loss falls, and the best detections are the objects."""
    model = _model(row).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    totals = []
    for _ in range(150):
        losses = _losses(model, _batch(20, 1))
        total, log = model.parse_losses(losses)
        optimizer.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimizer.step()
        # The cross-entropy of a Soft-IoU of 0.8 is 0.5 at its least.
        ious = [value for name, value in log.items() if 'loss_iou' in name]
        totals.append((total - sum(ious)).item())
    assert sum(totals[-10:]) / 10 < 0.2 * totals[0]
    batch = model.data_preprocessor(_batch(20, 1), training=False)
    with torch.no_grad():
        results = model.eval()(**batch, mode='predict')
    for result in results:
        objects = result.gt_instances.bboxes
        best = result.pred_instances.bboxes[: len(objects)]
        found = bbox_overlaps(objects, best).max(dim=1).values > 0.5
        assert found.float().mean() > 0.85
