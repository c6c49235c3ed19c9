"""FusedDDQDETR: the stock detector's results, without its tensors."""

import copy

import pytest
import torch
from mmdet.models.detectors import DDQDETR
from mmdet.registry import MODELS
from mmengine.registry import init_default_scope
from torch.utils._python_dispatch import TorchDispatchMode

from dense_scene.models.detectors import FusedDDQDETR
from tests.config_files import limit_boxes, load
from tests.test_systems import SMALL, batch

KINDS = (((64, 96), 3), ((96, 64), 0))


@pytest.fixture(scope='module')
def pair():
    """Ours and the stock detector of one config and one set of weights."""
    init_default_scope('mmdet')
    config = load(SMALL['ddq-detr_r18']).model
    limit_boxes(config)
    torch.manual_seed(0)
    ours = MODELS.build(copy.deepcopy(config))
    ours.init_weights()
    stock = MODELS.build({**config, 'type': 'DDQDETR'})
    stock.load_state_dict(ours.state_dict())
    assert (type(ours), type(stock)) == (FusedDDQDETR, DDQDETR)
    return ours, stock


class _Largest(TorchDispatchMode):
    """The most elements of a floating tensor, and of any other."""

    def __init__(self):
        super().__init__()
        self.floats = self.others = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        for item in found if isinstance(found, (list, tuple)) else [found]:
            if isinstance(item, torch.Tensor):
                name = 'floats' if item.is_floating_point() else 'others'
                setattr(self, name, max(getattr(self, name), item.numel()))
        return found


def train(model):
    model.train().zero_grad()
    data = batch(model, KINDS, True)
    torch.manual_seed(0)  # denoising draws
    with _Largest() as largest:
        loss, losses = model.parse_losses(model(**data, mode='loss'))
        loss.backward()
    gradients = {
        name: value.grad
        for name, value in model.named_parameters()
        if value.grad is not None
    }
    return losses, gradients, largest


def test_losses_and_gradients_are_the_stock_ones(pair):
    (ours, grads, _), (theirs, known, _) = map(train, pair)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    assert list(grads) == list(known)
    scale = max(grad.abs().max() for grad in known.values())
    for name, grad in known.items():
        assert (grads[name] - grad).abs().max() < 1e-4 * scale, name
    assert grads['decoder.layers.0.self_attn.attn.in_proj_weight'].any()


def test_detections_are_the_stock_ones(pair):
    found = []
    for model in pair:
        model.eval()
        data = batch(model, KINDS, False)
        with torch.no_grad():
            found.append(model(**data, mode='predict'))
    for ours, theirs in zip(*found):
        ours, theirs = ours.pred_instances, theirs.pred_instances
        assert len(ours) == len(theirs) > 0
        torch.testing.assert_close(ours.scores, theirs.scores)
        torch.testing.assert_close(ours.bboxes, theirs.bboxes)


def test_no_tensor_is_of_all_pairs_in_all_heads(pair):
    (_, _, ours), (_, _, stock) = map(train, pair)
    pairs = ours.others  # the mask: images x queries x queries
    assert stock.others == stock.floats == 8 * pairs  # and heads
    assert ours.floats < stock.floats


def test_many_places_under_autocast(pair):
    """10,200 of them, which mmcv's NMS takes label by label.

    There boxes, in float32, meet scores in half precision.
    """
    shapes = torch.tensor([[100, 102]])
    memory = torch.randn(1, 10_200, 64, generator=torch.manual_seed(0))
    nothing = torch.zeros(1, 10_200, dtype=torch.bool)
    found = []
    for model in pair:
        model.eval()
        with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
            if isinstance(model, FusedDDQDETR):
                found, _ = model.pre_decoder(memory, nothing, shapes)
            else:
                with pytest.raises(RuntimeError, match='dtypes match'):
                    model.pre_decoder(memory, nothing, shapes)
    boxes = found['reference_points'][0]
    assert boxes.shape == (pair[0].num_queries, 4)
    assert boxes.isfinite().all()
