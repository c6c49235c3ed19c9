"""Losses, assigners, samplers, coders, NMS: CUDA gives what the CPU gives."""

import pytest
import torch
from mmdet.registry import MODELS, TASK_UTILS
from mmengine.structures import InstanceData
from torch import Tensor

import dense_scene  # noqa: F401  registers what is built here
from dense_scene.models.post_processing.nms import dense_nms
from dense_scene.testing import random_boxes, touching_row
from tests.test_models.test_post_processing.test_nms import KINDS
from tests.test_models.test_samplers.cases import make_case

pytestmark = pytest.mark.gpu
DEVICES = ('cpu', 'cuda')


def on_cpu(value: object) -> object:
    """Tensors of the CPU, of whatever holds some, once they were checked."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, (list, tuple)):
        return [on_cpu(item) for item in value]
    return value


def same(results: list) -> None:
    """Of the CPU first, then of the device."""
    expected, found = results
    assert all(t.is_cuda for t in found if isinstance(t, Tensor))
    for ours, theirs in zip(on_cpu(found), on_cpu(expected)):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('reduction', ['none', 'mean', 'sum'])
@pytest.mark.parametrize(
    'loss',
    [
        dict(type='CompleteIoULoss', alpha_rule='ungated'),
        dict(type='CompleteIoULoss', alpha_rule='gated'),
        dict(type='LibraL1Loss', beta=0.5),
    ],
    ids=lambda config: f'{config["type"]}-{config.get("alpha_rule", "")}',
)
def test_losses(loss, reduction, generator):
    target = random_boxes(600, (100, 100), generator)
    pred = target + torch.rand(600, 4, generator=generator)
    weight = torch.rand(600, generator=generator)
    results = []
    for device in DEVICES:
        module = MODELS.build(dict(loss, reduction=reduction)).to(device)
        mine = pred.detach().clone().to(device).requires_grad_()
        value = module(mine, target.to(device), weight.to(device))
        value.sum().backward()
        results.append((value, mine.grad))
        assert module(mine[:0], target[:0].to(device)).sum() == 0
    same(results)


@pytest.mark.parametrize('num', [0, 1, 90])
@pytest.mark.parametrize('kind', ['RFLAAssigner', 'DenseMaxIoUAssigner'])
def test_assigners(kind, num):
    options = dict(RFLAAssigner={}, DenseMaxIoUAssigner=dict(
        pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3,
    ))  # fmt: skip
    objects = touching_row(num, (9, 12))
    priors = torch.cat((objects + 1, random_boxes(300, (800, 20))))
    results = []
    for device in DEVICES:
        assigner = TASK_UTILS.build(
            dict(type=kind, ignore_iof_thr=0.5, **options[kind])
        )
        found = assigner.assign(
            InstanceData(priors=priors).to(device),
            InstanceData(bboxes=objects, labels=torch.arange(num)).to(device),
            InstanceData(bboxes=touching_row(2) + 400).to(device),
        )
        results.append((found.gt_inds, found.max_overlaps, found.labels))
    same(results)


@pytest.mark.parametrize(
    'sampler',
    [
        dict(type='InstanceBalancedSampler'),
        dict(type='SecondObjectSampler'),
        dict(
            type='CombinedSampler',
            pos_sampler=dict(type='InstanceBalancedSampler'),
            neg_sampler=dict(type='IoUBinNegSampler', num_bins=3),
        ),
    ],
    ids=lambda config: config['type'],
)
def test_samplers(sampler):
    results = []
    for device in DEVICES:
        built = TASK_UTILS.build(dict(sampler, num=60, pos_fraction=0.5))
        torch.manual_seed(0)
        assigned, priors, truth = make_case([9, 3, 20, 1], 90, 5)
        for name in ('gt_inds', 'max_overlaps', 'labels'):
            setattr(assigned, name, getattr(assigned, name).to(device))
        found = built.sample(assigned, priors.to(device), truth.to(device))
        results.append(found)
        assert found.priors.device.type == device
    ours, theirs = results
    # Which ones are drawn depends on the device, not how many.
    for name in ('num_pos', 'num_neg', 'num_gts', 'avg_factor'):
        assert getattr(ours, name) == getattr(theirs, name)


def test_the_coder(generator):
    anchors = random_boxes(90, (100, 100), generator)
    boxes = random_boxes(90, (100, 100), generator)
    results = []
    for device in DEVICES:
        coder = TASK_UTILS.build(dict(type='GridSensitiveCoder'))
        stride = torch.full((90, 1), 8.0, device=device)
        pair = anchors.to(device), boxes.to(device)
        code = torch.rand(
            90, 4, generator=torch.Generator().manual_seed(0)
        ).to(device)
        results.append(
            [coder.decode(pair[0], code, stride), coder.encode(*pair, 8)]
        )
    same(results)


@pytest.mark.parametrize('nms', KINDS, ids=lambda nms: nms['type'])
@pytest.mark.parametrize('num', [0, 1, 300])
def test_every_nms(nms, num, generator):
    boxes = random_boxes(num, (60, 60), generator) + torch.tensor(
        [0.0, 0, 9, 9]
    )
    scores = torch.randperm(num, generator=generator) / max(num, 1)
    labels = torch.arange(num) % 2
    results = []
    for device in DEVICES:
        args = (part.to(device) for part in (boxes, scores, labels))
        sets = (torch.arange(num) // 2).to(device)
        quality = scores.to(device)
        results.append(dense_nms(*args, nms, 90, quality, sets))
    same(results)
