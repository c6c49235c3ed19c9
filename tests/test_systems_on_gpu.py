"""A step, an optimizer's step and predictions of every family on a GPU."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.logging import MessageHub
from mmengine.registry import init_default_scope

import dense_scene  # noqa: F401  registers what is built here
from tests.config_files import CONFIGS, limit_boxes, load, shrink, sku_row
from tests.test_systems import SMALL, batch

pytestmark = pytest.mark.gpu
# Rows whose models differ in parts of ours; what differs in NMS or samplers
# alone is compared with the CPU in test_models/test_on_gpu.py.
FULL = ('bfp_dense-proposal-ciou', 'fpn_libra-sampling')
SHELVES = CONFIGS / 'shelves/cascade-rcnn_r18-scratch_fpn_dense-proposal'
ROWS = {
    **SMALL,
    **{row: sku_row(row) for row in FULL},
    **{
        row: SHELVES.parent / f'{SHELVES.name}-{row}_1xb4-3e_shelves.py'
        for row in ('emd', 'soft-iou', 'soft-nms')
    },
}


def model_of(row):
    """The row with few proposals or queries, and a narrow backbone."""
    init_default_scope('mmdet')
    config = load(ROWS[row])
    model = shrink(config) if row in FULL else config.model
    model.backbone.init_cfg = None  # no network
    torch.manual_seed(0)
    model = MODELS.build(limit_boxes(model))
    model.init_weights()  # DETR's embeddings of levels are unset memory else
    return model


# Models of mmdet's parts alone: `make test-all` runs them.
STOCK = (
    *('faster-rcnn_hrnet-w8', 'fcos_r18', 'retinanet_r18', 'rtmdet-xs'),
    'yolov3_r18',
)


@pytest.mark.parametrize(
    'row',
    [
        pytest.param(
            row, marks=pytest.mark.slow_systems if row in STOCK else ()
        )
        for row in sorted(ROWS)
    ],
)
def test_trains_and_predicts(row):
    MessageHub.get_current_instance().update_info('iter', 0)  # PP-YOLO asks
    model = model_of(row).to('cuda').train()
    kinds = (((64, 96), 6), ((64, 80), 0))
    data = batch(model, kinds, True)
    assert data['inputs'].is_cuda
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    # Where devices are mixed does not depend on types; in float32 the models
    # train on the CPU.
    with torch.autocast('cuda', torch.bfloat16):
        total, logged = model.parse_losses(model(**data, mode='loss'))
    total.backward()
    optimizer.step()
    assert total.is_cuda and all(v.isfinite() for v in logged.values())
    for parameter in model.parameters():
        assert parameter.is_cuda and parameter.isfinite().all()
    model.eval()
    data = batch(model, kinds, False)
    with torch.no_grad():
        found = model(**data, mode='predict')
    for result in found:
        assert all(part.is_cuda for part in result.pred_instances.values())
