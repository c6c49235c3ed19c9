"""RFLAAssigner against the paper's formulas, written out."""

import math

import pytest
import torch
from mmdet.models.backbones import ResNet
from mmdet.registry import TASK_UTILS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.structures import InstanceData
from torch.distributions import MultivariateNormal, kl_divergence

from dense_scene.models.assigners import RFLAAssigner, rfla_assigner
from dense_scene.models.assigners.rfla_assigner import (
    gaussian_divergence,
    receptive_fields,
)
from dense_scene.testing import random_boxes, touching_row


def assign(priors, objects, ignored=None, **options):
    return RFLAAssigner(**options).assign(
        InstanceData(priors=priors),
        InstanceData(bboxes=objects, labels=torch.arange(len(objects)) + 5),
        None if ignored is None else InstanceData(bboxes=ignored),
    )


def literal_divergence(prior, box, decay):
    """Of two boxes, in Python's float64."""
    total = 0.0
    for low, high in ((0, 2), (1, 3)):
        side_p = (prior[high] - prior[low]) * decay
        side_g = box[high] - box[low]
        gap = (prior[low] + prior[high]) / 2 - (box[low] + box[high]) / 2
        var_p, var_g = side_p**2 / 4, side_g**2 / 4
        total += (var_p + gap**2) / var_g - 1 + math.log(var_g / var_p)
    return total / 2


def literal_assignment(priors, objects, topk, decay, threshold):
    """Hierarchical label assignment, an object and a prior at a time."""
    given = [0] * len(priors)
    for k, factor in zip(topk, (1.0, decay)):
        distances = [
            [literal_divergence(prior, box, factor) for prior in priors]
            for box in objects
        ]
        step = [
            0 if all(1 / (1 + d[p]) < threshold for d in distances) else -1
            for p in range(len(priors))
        ]
        for number, row in enumerate(distances, 1):
            last = sorted(row)[:k][-1]
            for p, distance in enumerate(row):
                if distance <= last:
                    step[p] = number
        given = [old if old > 0 else new for old, new in zip(given, step)]
    return given


@pytest.mark.parametrize('seed', range(12))
def test_equals_the_literal_algorithm(seed, monkeypatch):
    rng = torch.Generator().manual_seed(seed)
    priors = random_boxes(60, (100, 100), rng, torch.float64)
    priors[:, 2:] += 1
    objects = random_boxes(13, (100, 100), rng, torch.float64)
    objects[:, 2:] += 1
    if seed % 3 == 0:  # ties: three of each, and an object twice
        priors, objects = priors[:20].repeat(3, 1), objects[[*range(9), 3]]
    if seed % 2:  # boxes of one size, so that objects contend for priors
        objects[:, 2:] = objects[:, :2] + 20
    topk, decay, threshold = (3, 1 + seed % 2), (0.9, 0.5)[seed % 2], 0.8
    expected = literal_assignment(
        priors.tolist(), objects.tolist(), topk, decay, threshold
    )
    assert max(expected) > 0
    monkeypatch.setattr(rfla_assigner, '_CPU_PAIRS', 60 * (1 + seed))
    result = assign(priors, objects, topk=topk, decay=decay)
    assert result.gt_inds.tolist() == expected
    shrunk = [
        max(1 / (1 + literal_divergence(p, g, decay)) for g in objects)
        for p in priors
    ]
    torch.testing.assert_close(
        result.max_overlaps, torch.tensor(shrunk, dtype=torch.float64)
    )
    assert result.labels.tolist() == [n + 4 if n > 0 else -1 for n in expected]


def test_neither_is_what_is_near_but_not_nearest():
    """Equal boxes 0, 1 and 30 to the right of an object of side 10: KL is
    2 (gap / 10)^2 without decay: RFD 1, 1 / 1.02 and 1 / 19."""
    row = torch.tensor([[x, 0.0, x + 10, 10] for x in (0, 1, 30)])
    result = assign(row, row[:1], topk=(1, 1), decay=1.0)
    assert result.gt_inds.tolist() == [1, -1, 0]
    expected = torch.tensor([1, 1 / 1.02, 1 / 19])
    torch.testing.assert_close(result.max_overlaps, expected)


def test_the_second_step_adds_and_takes_nothing_away():
    """An object of side 9 amid a prior of 8 and one of 10. KL of a side s is
    (s / 9)^2 - 1 - 2 ln(s / 9): 0.0257 and 0.0238. Shrunk to 7.2 and 9:
    0.0863 and 0."""
    square = torch.tensor([[1.0, 1, 9, 9], [0, 0, 10, 10]])
    centered = torch.tensor([[0.5, 0.5, 9.5, 9.5]])
    assert assign(square, centered, topk=(1, 1)).gt_inds.tolist() == [-1, 1]
    # At 8.3 the smaller is the nearer, and the other the nearer when shrunk
    centered = torch.tensor([[0.85, 0.85, 9.15, 9.15]])
    one = assign(square, centered, topk=(1, 1), decay=1.0)
    assert one.gt_inds.tolist() == [1, -1]
    assert assign(square, centered, topk=(1, 1)).gt_inds.tolist() == [1, 1]


def test_divergence_is_that_of_gaussians(generator):
    priors = random_boxes(8, (50, 50), generator, torch.float64)
    objects = random_boxes(6, (50, 50), generator, torch.float64)

    def gaussian(boxes):
        sides = (boxes[:, 2:] - boxes[:, :2]) / 2
        centers = (boxes[:, :2] + boxes[:, 2:]) / 2
        return MultivariateNormal(centers, torch.diag_embed(sides**2))

    rows = [gaussian(box[None]) for box in objects]
    expected = [kl_divergence(gaussian(priors), row) for row in rows]
    found = gaussian_divergence(priors, objects)
    torch.testing.assert_close(found, torch.stack(expected))
    assert found.min() > 0
    same = gaussian_divergence(objects, objects).diagonal()
    torch.testing.assert_close(same, torch.zeros(6, dtype=torch.float64))


def test_float32_is_close_to_float64(generator):
    """Near the right edge of a large photo, where differences cancel."""
    boxes = random_boxes(600, (30, 30), generator, torch.float64) + 4000
    boxes[:, 2:] += 4
    exact = gaussian_divergence(boxes, boxes)
    found = gaussian_divergence(boxes.float(), boxes.float())
    torch.testing.assert_close(found.double(), exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize('depth, blocks, convs', [
    (50, (3, 4, 6, 3), 1), (18, (2, 2, 2, 2), 2)
])  # fmt: skip
def test_receptive_fields_are_those_of_gradients(depth, blocks, convs):
    """The pixels that reach one number of a stage, of positive weights; an
    average in place of the maximum, which only one pixel reaches."""
    model = ResNet(depth, num_stages=2, strides=(1, 2), dilations=(1, 1),
                   out_indices=(0, 1), zero_init_residual=False)  # fmt: skip
    model.maxpool = torch.nn.AvgPool2d(3, 2, 1)
    for parameter in model.parameters():
        parameter.data.fill_(0.01 if parameter.dim() > 1 else 1)
    model.eval()
    image = torch.ones(1, 3, 240, 240, requires_grad=True)
    for feature, field in zip(model(image), receptive_fields(blocks, convs)):
        middle = feature.shape[-1] // 2
        (gradient,) = torch.autograd.grad(
            feature[0, 0, middle, middle], image, retain_graph=True
        )
        reached = (gradient[0, 0] != 0).any(0).sum()
        assert reached == field


def test_receptive_fields_as_the_authors_list_them():
    assert receptive_fields((3, 4, 6, 3)) == [35, 91, 267, 427, 555]


def test_no_objects_no_priors_and_few_priors():
    none, row = torch.zeros(0, 4), touching_row(2)
    empty = assign(row, none)
    assert empty.gt_inds.tolist() == [0, 0] == empty.max_overlaps.tolist()
    assert empty.labels.tolist() == [-1, -1] and empty.num_gts == 0
    assert assign(none, row).gt_inds.shape == (0,)
    # Two priors for topk 3: both go to the last object that wants them.
    assert assign(row, row).gt_inds.tolist() == [2, 2]


def test_objects_without_area_get_priors():
    row = touching_row(9)
    point = torch.tensor([[35.0, 10, 35, 10]])
    result = assign(row, point, topk=(1, 1))
    assert result.gt_inds.tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert result.max_overlaps.isfinite().all()


def test_ignored_priors_are_taken_by_nothing():
    row = touching_row(6)
    region = torch.tensor([[0.0, 0, 24, 20]])  # all of two, 0.4 of the third
    result = assign(row, row[:1], region, topk=(1, 1), ignore_iof_thr=0.5)
    assert result.gt_inds.tolist() == [-1, -1, 1, 0, 0, 0]
    assert result.max_overlaps[:2].tolist() == [-1, -1]
    off = assign(row, row[:1], region, topk=(1, 1))
    assert off.gt_inds[0] == 1
    all_of_it = assign(row, row, row, ignore_iof_thr=0.5)
    assert (all_of_it.gt_inds == -1).all()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_and_box_classes(dtype):
    row = touching_row(12, (32, 64))
    expected = assign(row, row[3:6]).gt_inds
    assert torch.equal(assign(row.to(dtype), row[3:6]).gt_inds, expected)
    boxes = HorizontalBoxes(row)
    assert torch.equal(assign(boxes, boxes[3:6]).gt_inds, expected)


def test_matrices_stay_bounded(generator, monkeypatch):
    """150,000 priors and 700 objects: no matrix is above the bound."""
    sizes = []
    stock = gaussian_divergence

    def spy(priors, objects, decay):
        # The arithmetic of a few objects; the shape of all is what counts.
        sizes.append(len(priors) * len(objects))
        return stock(priors[:1000], objects, decay).repeat(1, 150)

    monkeypatch.setattr(rfla_assigner, 'gaussian_divergence', spy)
    priors = random_boxes(150_000, generator=generator)
    objects = random_boxes(700, generator=generator)
    result = assign(priors, objects)
    assert max(sizes) <= rfla_assigner._CPU_PAIRS
    assert sum(sizes) == 2 * 150_000 * 700
    assert result.gt_inds.shape == (150_000,)


def test_registered_and_options_are_checked():
    built = TASK_UTILS.build(dict(type='mmdet.RFLAAssigner', topk=[2, 1]))
    assert isinstance(built, RFLAAssigner) and built.topk == [2, 1]
    for options, message in (
        (dict(topk=(3,)), 'topk must be two integers'),
        (dict(topk=(0, 1)), 'topk must be a positive integer'),
        (dict(decay=1.5), r'decay must be a number in \(0, 1\]'),
        (dict(neg_thr=0), r'neg_thr must be a number in \(0, 1\]'),
    ):
        with pytest.raises(ValueError, match=message):
            RFLAAssigner(**options)
