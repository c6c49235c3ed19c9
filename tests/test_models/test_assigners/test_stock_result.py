"""DenseMaxIoUAssigner gives what MaxIoUAssigner gives, whatever it is given.

2,100 random images in every run, and a few by hypothesis, which simplifies the
one that fails. The long run, with as many of these as you have time for:

    ASSIGNER_CASES=100000 python -m pytest -k as_many tests/test_models
"""

import os
import random

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmdet.models.task_modules.assigners import MaxIoUAssigner

from dense_scene.models.assigners import DenseMaxIoUAssigner

from .cases import KINDS, assert_equal, compare, make_image

CASES = int(os.environ.get('ASSIGNER_CASES', 50))

CHOICES = dict(
    pos_iou_thr=[0.5, 0.3, 0.75, 1.0, 0.0],
    neg_iou_thr=[0.3, 0.0, 0.5, (0.1, 0.3), (0.0, 0.5)],
    min_pos_iou=[0.3, 0.0, 0.5, 0.9, -1, -2],
    gt_max_assign_all=[True, False],
    match_low_quality=[True, False],
    ignore_iof_thr=[0.5, -1, 0.1, 0.99],
    ignore_wrt_candidates=[True, False],
    gpu_assign_thr=[-1, 3],
    iou_calculator=[dict(type='BboxOverlaps2D')] * 3
    + [dict(type='BboxOverlaps2D', scale=4.0, dtype='fp16')],
)
# At least one: what an image without a box gives is another test.
IMAGE = (range(1, 41), range(1, 13), [0, 0, 1, 4], KINDS, range(1 << 32))
VALUES = [float('nan'), float('inf'), -float('inf')]


def rising(options: dict) -> dict:
    """Thresholds out of order are refused; that is another test."""
    negative = options['neg_iou_thr']
    most = negative[1] if isinstance(negative, tuple) else negative
    return {**options, 'pos_iou_thr': max(most, options['pos_iou_thr'])}


def spoil(image: tuple, part: int, value: float, at: int) -> None:
    """Put the value into one coordinate of priors, objects or regions."""
    boxes = image[part].get('bboxes' if part else 'priors').view(-1)
    if len(boxes):
        boxes[at % len(boxes)] = value


def test_seven_hundred_images_each_way(way):
    """One in ten has a number that is not finite."""
    for seed in range(700):
        rng = random.Random(f'{way}, {seed}')
        options = {name: rng.choice(some) for name, some in CHOICES.items()}
        image = make_image(*(rng.choice(values) for values in IMAGE))
        if rng.random() < 0.1:
            part, at = rng.randrange(3), rng.randrange(99)
            spoil(image, part, rng.choice(VALUES), at)
        compare(image, f'seed {seed}', **rising(options))


@settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    image=st.tuples(*map(st.sampled_from, IMAGE)),
    options=st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in CHOICES.items()}
    ),
    spoiled=st.none()
    | st.tuples(
        st.integers(0, 2), st.sampled_from(VALUES), st.integers(0, 99)
    ),
)
def test_as_many_as_you_like(way, image, options, spoiled):
    image = make_image(*image)
    if spoiled:
        spoil(image, *spoiled)
    compare(image, str(options), **rising(options))


@pytest.mark.parametrize('num_objects', [1, 600])
@pytest.mark.parametrize('kind', ['whole', 'real', 'copies', 'spread'])
def test_many(kind, num_objects):
    image = make_image(2000, num_objects, 9, kind, 0)
    image[1].bboxes[-1] = image[0].priors[7] = torch.tensor([1.0, 2, 3, 5])
    result = compare(
        image,
        pos_iou_thr=0.7,
        neg_iou_thr=0.3,
        min_pos_iou=0.3,
        ignore_iof_thr=2.0,
    )
    # The last object wins the prior that is its copy.
    assert result.gt_inds[7] == num_objects


def test_more_objects_than_priors():
    result = compare(
        make_image(5, 600, 0, 'real', 0), pos_iou_thr=0.5, neg_iou_thr=0.5
    )
    assert result.num_gts == 600


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
def test_mixed_precision_of_boxes(dtype):
    """Areas are computed in each side's own type, as in mmdet."""
    for swap in (False, True):
        priors, objects, _ = make_image(300, 40, 0, 'real', 1)
        side, name = (objects, 'bboxes') if swap else (priors, 'priors')
        side.set_field(side.get(name).to(dtype), name)
        compare((priors, objects), pos_iou_thr=0.5, neg_iou_thr=0.4)


def test_repeated_objects_are_shaken_alike():
    """perm_repeat_gt_cfg draws random numbers: the same ones."""
    options = dict(
        pos_iou_thr=0.5,
        neg_iou_thr=0.5,
        perm_repeat_gt_cfg=dict(iou_thr=0.7, perm_range=0.01),
    )
    image = make_image(200, 12, 0, 'copies', 2)
    image[1].bboxes[:, 2:] += 3  # so that all have an area
    results = []
    for assigner in (DenseMaxIoUAssigner, MaxIoUAssigner):
        torch.manual_seed(0)
        results.append(assigner(**options).assign(*image))
    assert_equal(*results)
