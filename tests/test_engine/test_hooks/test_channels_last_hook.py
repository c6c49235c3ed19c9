"""The same model in another order of memory."""

from types import SimpleNamespace

import torch
from torch import nn

from dense_scene.engine.hooks import ChannelsLastHook
from tests.tiny_two_stage import build_model


def run_hook(model):
    ChannelsLastHook().before_run(SimpleNamespace(model=model))
    return model


def test_a_detector_gives_the_same_features_and_gradients():
    """Within rounding: sums of at most 1,152 float32 products."""
    torch.manual_seed(0)
    model = build_model(3).eval()
    image = torch.randn(2, 3, 64, 96)
    results = []
    for _ in range(2):
        feats = model.extract_feat(image)
        sum(feat.square().mean() for feat in feats).backward()
        grads = [p.grad for p in model.neck.parameters()]
        results.append([*feats, *(grad.clone() for grad in grads)])
        model.zero_grad()
        run_hook(model)
    assert feats[0].is_contiguous(memory_format=torch.channels_last)
    for before, after in zip(*results):
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)


def test_weights_that_are_loaded_later_keep_the_format():
    stock = nn.Conv2d(4, 4, 3)
    model = run_hook(nn.Conv2d(4, 4, 3))
    model.load_state_dict(stock.state_dict())
    assert torch.equal(model.weight, stock.weight)
    assert model.weight.stride() != stock.weight.stride()


def test_a_model_elsewhere_stays_as_it_is():
    model = run_hook(nn.Conv2d(4, 4, 3, device='meta'))
    assert model.weight.is_contiguous()


def test_a_model_without_parameters():
    run_hook(nn.Identity())
