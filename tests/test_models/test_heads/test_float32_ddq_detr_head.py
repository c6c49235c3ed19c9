"""Float32DDQDETRHead: the stock losses, and under autocast as well."""

import pytest
import torch
from mmdet.models.dense_heads import DDQDETRHead

from dense_scene.models.heads import Float32DDQDETRHead
from tests.test_systems import batch, build

KINDS = (((64, 96), 3), ((96, 64), 0))


def losses(dtype=None, stock=False):
    model = build('ddq-detr_r18', few_boxes=True).train()
    if stock:
        model.bbox_head.__class__ = DDQDETRHead
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
    assert type(build('ddq-detr_r18').bbox_head) is Float32DDQDETRHead
