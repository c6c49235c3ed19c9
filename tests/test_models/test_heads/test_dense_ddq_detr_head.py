"""DenseDDQDETRHead: the stock losses, and under autocast as well."""

import pytest
import torch
from mmdet.models.dense_heads import DDQDETRHead
from mmdet.models.losses import DDQAuxLoss

from dense_scene.models.heads import DenseDDQDETRHead
from tests.test_systems import batch, build

KINDS = (((64, 96), 3), ((96, 64), 0))


def losses(dtype=None, stock=False):
    model = build('ddq-detr_r18', few_boxes=True).train()
    if stock:
        head = model.bbox_head
        head.__class__ = DDQDETRHead
        head.aux_loss_for_dense.__class__ = DDQAuxLoss
    data = batch(model, KINDS, True)
    torch.manual_seed(0)  # denoising draws
    with torch.autocast('cpu', dtype, enabled=dtype is not None):
        return model.parse_losses(model(**data, mode='loss'))[1]


def flat(found):
    return torch.stack(list(found.values()))


def test_losses_are_the_stock_ones_without_autocast():
    ours, theirs = losses(), losses(stock=True)
    assert list(ours) == list(theirs)
    assert torch.equal(flat(ours), flat(theirs))


def test_the_stock_head_fails_under_autocast_and_this_one_does_not():
    with pytest.raises(RuntimeError, match='dtypes match'):
        losses(torch.bfloat16, stock=True)
    found = losses(torch.bfloat16)
    assert {value.dtype for value in found.values()} == {torch.float32}
    assert flat(found).isfinite().all()


def test_it_is_what_the_configs_build():
    assert type(build('ddq-detr_r18').bbox_head) is DenseDDQDETRHead


def test_fewer_queries_than_the_cap_are_all_detections():
    """Two queries of one class, a cap of 300: the stock head asks for 300."""
    head = build('ddq-detr_r18').bbox_head
    boxes = torch.tensor([[0.5, 0.5, 0.5, 0.5], [0.25, 0.5, 0.5, 1.0]])
    logits, meta = torch.tensor([[0.0], [1.0]]), dict(img_shape=(20, 40))
    found = head._predict_by_feat_single(logits, boxes, meta, rescale=False)
    # cx, cy, w, h in shares of 40 x 20 pixels; the higher score first.
    assert found.bboxes.tolist() == [[0, 0, 20, 20], [10, 5, 30, 15]]
    assert found.scores.tolist() == logits.sigmoid()[[1, 0], 0].tolist()
    head.__class__ = DDQDETRHead
    with pytest.raises(RuntimeError, match='out of range'):
        head._predict_by_feat_single(logits, boxes, meta, rescale=False)
