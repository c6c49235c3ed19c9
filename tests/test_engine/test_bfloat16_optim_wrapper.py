"""A step in mixed precision against the same in float32."""

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from dense_scene.engine.bfloat16_optim_wrapper import BFloat16OptimWrapper


def train(wrapper_type, **settings):
    """The weight after three steps, and the type of the last output."""
    torch.manual_seed(0)
    model, data = nn.Linear(8, 4), torch.randn(16, 8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    wrapper = wrapper_type(optimizer=optimizer, **settings)
    for _ in range(3):
        with wrapper.optim_context(model):
            output = model(data)
        wrapper.update_params(output.float().square().mean())
    assert model.weight.dtype == torch.float32
    state = optimizer.state_dict()['state'][0]['momentum_buffer']
    assert state.dtype == torch.float32
    return model.weight.detach(), output.dtype


def test_products_are_narrow_and_all_else_is_wide():
    """Each of three steps has gradients that are right to a few units of
    bfloat16, 2^-8, of sums below 1, and takes 0.1 to 0.27 of them."""
    full, dtype = train(OptimWrapper)
    assert dtype == torch.float32
    mixed, dtype = train(BFloat16OptimWrapper)
    assert dtype == torch.bfloat16
    assert not torch.equal(full, mixed)
    torch.testing.assert_close(mixed, full, rtol=0, atol=3 * 0.27 * 4 / 256)


def test_what_the_parent_can_do_is_kept():
    """Two steps of half the gradient: one update in three."""
    once, _ = train(BFloat16OptimWrapper, accumulative_counts=3)
    often, _ = train(BFloat16OptimWrapper)
    torch.manual_seed(0)
    start = nn.Linear(8, 4).weight
    assert (once - start).norm() < (often - start).norm()
