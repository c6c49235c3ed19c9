"""Held to mmdet's SingleRoIExtractor, run beside it."""

import pytest
import torch
from mmdet.registry import MODELS

from dense_scene.models.roi_extractors import DenseRoIExtractor

SETTINGS = dict(
    roi_layer=dict(type='RoIAlign', output_size=3, sampling_ratio=2),
    out_channels=4,
    featmap_strides=[4, 8, 16],
    finest_scale=16,
)


def build(kind='DenseRoIExtractor'):
    return MODELS.build(dict(SETTINGS, type=kind))


def levels(dtype=torch.float64):
    """Two images of 64 x 96."""
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(
            *(2, 4, 64 // stride, 96 // stride),
            generator=generator,
            dtype=dtype,
        ).requires_grad_()
        for stride in SETTINGS['featmap_strides']
    ]


def make_rois(count, least=2, most=90):
    """Boxes with sides of ``least`` to ``most`` pixels in either image."""
    generator = torch.Generator().manual_seed(1)
    sides = torch.linspace(least, most, max(count, 1))[:count, None]
    low = torch.rand(count, 2, generator=generator) * 60
    image = (torch.arange(count) % 2)[:, None]
    return torch.cat([image.to(low), low, low + sides], dim=1)


@pytest.mark.parametrize('factor', [None, 1.5])
@pytest.mark.parametrize(
    'rois',
    [
        make_rois(600),  # on every level
        make_rois(9, most=20),  # below 32 pixels: the first level only
        make_rois(1, least=70),  # the last
        make_rois(0),
    ],
    ids=['600', 'first level', 'last level', 'none'],
)
def test_values_and_gradients_are_the_stock_ones(rois, factor):
    results = []
    for kind in ('SingleRoIExtractor', 'DenseRoIExtractor'):
        feats = levels()
        pooled = build(kind)(feats, rois, factor)
        weight = torch.arange(pooled.numel()).view(pooled.shape).cos()
        grads = torch.autograd.grad((pooled * weight).sum(), feats)
        results.append([pooled, *grads])
    assert results[1][0].shape == (len(rois), 4, 3, 3)
    for stock, ours in zip(*results):
        assert torch.equal(stock, ours)


def test_an_unused_level_still_has_a_gradient():
    """Else DistributedDataParallel waits for it forever."""
    feats = levels()
    build()(feats, make_rois(5, most=10)).sum().backward()
    assert feats[0].grad.any()
    assert not feats[1].grad.any() and not feats[2].grad.any()


def test_bfloat16_features_do_not_round_the_rois():
    """RoIAlign of a ramp, 8 a pixel and 0 at x = 75, is the ramp at the bins'
    centers: (301, 302, 303) / 4 - 0.5 = (74.75, 75, 75.25). In bfloat16, whose
    step is 2 from 256 on, the box would be one from 300 to 304.
    """
    ramp = (8 * (torch.arange(128.0) - 75)).expand(1, 4, 8, 128)
    rois = torch.tensor([[0, 300.5, 4, 303.5, 28]])
    settings = {**SETTINGS, 'featmap_strides': [4]}
    del settings['finest_scale']
    pooled = DenseRoIExtractor(**settings)([ramp.bfloat16()], rois)
    assert pooled.dtype == torch.bfloat16
    assert pooled[0, 0, 0].tolist() == [-2, 0, 2]


def test_float16_stays_what_the_stock_one_does():
    feats, rois = levels(torch.float16), make_rois(50)
    stock, ours = (
        build(kind)(feats, rois)
        for kind in ('SingleRoIExtractor', 'DenseRoIExtractor')
    )
    assert ours.dtype == torch.float16 and torch.equal(stock, ours)
