"""Every small system learns two images by heart, and trains in bfloat16."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper

from tests.config_files import load
from tests.test_systems import SMALL, batch, build

pytestmark = pytest.mark.slow_systems
each_small = pytest.mark.parametrize('name', sorted(SMALL))


def losses(name, bfloat16=False):
    """The losses on two images of touching objects, step by step."""
    model = build(name, few_boxes=True).train()
    kinds = [((96, 128), 12), ((96, 128), 5)]
    data = batch(model, kinds, True, 1, (24, 30))
    wrapper = build_optim_wrapper(model, load(SMALL[name]).optim_wrapper)
    while True:
        with torch.autocast('cpu', torch.bfloat16, enabled=bfloat16):
            found = model(**data, mode='loss')
        # A cross-entropy with soft targets, which has a floor
        found.pop('loss_centerness', None)
        total, _ = model.parse_losses(found)
        wrapper.update_params(total)
        yield total


@each_small
def test_overfits_two_images(name):
    """To a fifth of the loss, which first rises where boxes are found."""
    start = 0.0
    for step, loss in enumerate(losses(name)):
        assert loss.isfinite() and step < 600
        if step < 40:
            start = max(start, float(loss))
        if step >= 20 and loss < 0.2 * start:
            break


@each_small
def test_twenty_iterations_in_bfloat16(name):
    for _, loss in zip(range(20), losses(name, bfloat16=True)):
        assert loss.isfinite()
