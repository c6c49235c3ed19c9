"""The small rows of SENet154 and RFLA train and predict on hard images."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from dense_scene.testing import touching_row
from tests.config_files import CONFIGS, load

ROWS = {
    'senet154': 'faster_rcnn/faster-rcnn_senet154-w8-scratch_1xb4-3e_shelves',
    'senet154-vd': 'faster_rcnn/faster-rcnn_senet154-w8-scratch_1xb4-3e_'
    'shelves',
    'rfla': 'nuclei/cascade-rcnn_r18-scratch_fpn_dense-proposal-rfla_1xb4-3e_'
    'nuclei',
}
each_row = pytest.mark.parametrize('row', ROWS)
# Height, width and objects: none, one, a row of touching ones, odd sizes
MIXED = [((128, 128), 0), ((97, 161), 1), ((160, 111), 6)]


def build(row, proposals=3000):
    torch.manual_seed(0)
    init_default_scope('mmdet')
    config = load(CONFIGS / f'{ROWS[row]}.py').model
    if row == 'senet154-vd':
        config.backbone.form = 'vd'
    config.train_cfg.rpn_proposal.max_per_img = proposals
    model = MODELS.build(config)
    model.init_weights()
    return model


def boxes_of(size, count):
    """Rows of touching boxes, ten to a row."""
    height, width = size[0] / max(8, count / 10 + 1), size[1] / 11
    rows = [
        touching_row(min(10, count - start), (width, height), (3, start / 10 *
                                                               height))
        for start in range(0, count, 10)
    ]  # fmt: skip
    return torch.cat(rows) if rows else torch.zeros(0, 4)


def batch(model, images, training=True):
    generator = torch.Generator().manual_seed(0)
    inputs, samples = [], []
    for size, count in images:
        image = torch.full((3, *size), 40, dtype=torch.uint8)
        boxes = boxes_of(size, count)
        for x1, y1, x2, y2 in boxes.int().tolist():
            color = torch.randint(100, 256, (3, 1, 1), generator=generator)
            image[:, y1:y2, x1:x2] = color.to(torch.uint8)
        inputs.append(image)
        meta = dict(img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0))
        sample = DetDataSample(metainfo=meta)
        labels = torch.zeros(count, dtype=torch.long)
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
        samples.append(sample)
    data = dict(inputs=inputs, data_samples=samples)
    return model.data_preprocessor(data, training=training)


def loss_of(model, data, bfloat16=False):
    with torch.autocast('cpu', torch.bfloat16, enabled=bfloat16):
        return model.parse_losses(model(**data, mode='loss'))[0]


@each_row
@pytest.mark.parametrize('bfloat16', [False, True])
def test_a_step_on_mixed_images(row, bfloat16):
    model = build(row)
    model.train()
    loss_of(model, batch(model, MIXED), bfloat16).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name


@each_row
@pytest.mark.parametrize('images', [[((320, 320), 700)], [MIXED[0]] * 2])
def test_a_step_on_700_objects_and_on_none(row, images):
    model = build(row)
    model.train()
    loss = loss_of(model, batch(model, images))
    loss.backward()
    assert loss.isfinite() and loss > 0


@each_row
def test_predictions_of_mixed_images(row):
    model = build(row)
    model.eval()
    with torch.no_grad():
        found = model(**batch(model, MIXED, False), mode='predict')
    for ((height, width), _), result in zip(MIXED, found):
        boxes = result.pred_instances.bboxes
        assert boxes.isfinite().all() and len(boxes) <= 400
        assert (boxes[:, 2] <= width).all() and (boxes[:, 3] <= height).all()


@pytest.mark.slow
@pytest.mark.parametrize('row', ['senet154', 'rfla'])
def test_overfits_one_image(row):
    model = build(row, proposals=200)
    model.train()
    data = batch(model, [((96, 128), 20)])
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss = loss_of(model, data)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
        optimizer.step()
        losses.append(loss.item())
        if losses[-1] < 0.2 * losses[0]:
            return
    pytest.fail(f'from {losses[0]:.3f} to {losses[-1]:.3f}')
