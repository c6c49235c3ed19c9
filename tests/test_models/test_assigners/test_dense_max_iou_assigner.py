"""The registered class: by hand, in mmdet's heads, and what it refuses."""

import pytest
import torch
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.registry import MODELS, TASK_UTILS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from dense_scene.models.assigners import DenseMaxIoUAssigner
from dense_scene.testing import random_boxes
from tests.tiny_two_stage import model_config

from .cases import assert_equal, compare, make_image


def image(priors, objects, ignored=None):
    objects = torch.tensor(objects)
    parts = [
        InstanceData(priors=torch.tensor(priors)),
        InstanceData(bboxes=objects, labels=torch.arange(len(objects)) + 5),
    ]
    if ignored is not None:
        parts.append(InstanceData(bboxes=torch.tensor(ignored)))
    return parts


def test_by_hand():
    # Priors 10 x 1 from x = 0, 2, 6 and 40; one object 10 x 1 from x = 0.
    # IoU 1, 8 / 12, 4 / 16 and 0: positive, neither, background twice.
    row = [[x, 0.0, x + 10, 1] for x in (0.0, 2, 6, 40)]
    result = compare(
        image(row, row[:1]), pos_iou_thr=0.7, neg_iou_thr=0.3, min_pos_iou=0.3
    )
    assert result.gt_inds.tolist() == [1, -1, 0, 0]
    assert result.labels.tolist() == [5, -1, -1, -1]
    expected = torch.tensor([1, 8 / 12, 4 / 16, 0])
    torch.testing.assert_close(result.max_overlaps, expected)


@pytest.mark.parametrize(
    'match_all, expected', [(True, [1, 1]), (False, [1, 0])]
)
def test_equally_good_priors(match_all, expected):
    # Both halves of the object have IoU 1/2 with it, under 0.7.
    result = compare(
        image([[0.0, 0, 5, 9], [5.0, 0, 10, 9]], [[0.0, 0, 10, 9]]),
        pos_iou_thr=0.7,
        neg_iou_thr=0.7,
        gt_max_assign_all=match_all,
    )
    assert result.gt_inds.tolist() == expected


def test_equally_good_objects():
    """The first by step 3 of mmdet's, the last by low-quality matching."""
    box = [0.0, 0, 10, 9]
    for match, expected in ((False, 1), (True, 3)):
        result = compare(
            image([box], [box] * 3),
            pos_iou_thr=0.7,
            neg_iou_thr=0.3,
            match_low_quality=match,
        )
        assert result.gt_inds.tolist() == [expected]


def test_ignored_region_by_hand():
    # The region covers 6 of the prior's 10 pixels, and 6 of its own 6.
    prior, region = [0.0, 0, 10, 1], [4.0, 0, 10, 1]
    for threshold, of_prior, ignored in (
        (0.0, True, False),  # 0 means that no region counts
        (0.5, True, True),
        (0.7, True, False),
        (0.7, False, True),
    ):
        result = compare(
            image([prior], [prior], [region]),
            pos_iou_thr=0.7,
            neg_iou_thr=0.3,
            min_pos_iou=0.3,
            ignore_iof_thr=threshold,
            ignore_wrt_candidates=of_prior,
        )
        assert result.gt_inds.tolist() == [-1 if ignored else 1]


@pytest.mark.parametrize('match_all', [True, False])
@pytest.mark.parametrize(
    'least, expected', [(0.3, [-1, -1]), (0.0, [-1, -1]), (-1.0, [1, 1])]
)
def test_all_priors_ignored(least, expected, match_all, way):
    """Their overlaps count as -1, which only a threshold of -1 lets pass:
    then the object claims all, or the first, of its equal priors."""
    prior = [0.0, 0, 10, 1]
    result = compare(
        image([prior] * 2, [prior], [prior]),
        pos_iou_thr=0.7,
        neg_iou_thr=0.3,
        min_pos_iou=least,
        ignore_iof_thr=0.5,
        gt_max_assign_all=match_all,
    )
    if not match_all:
        expected = [expected[0], -1]
    assert result.gt_inds.tolist() == expected
    assert result.max_overlaps.tolist() == [-1, -1]


@pytest.mark.parametrize('num_priors, num_objects', [(0, 0), (0, 3), (3, 0)])
def test_nothing(num_priors, num_objects):
    result = compare(
        make_image(num_priors, num_objects, 2, 'real', 0),
        pos_iou_thr=0.5,
        neg_iou_thr=0.5,
        ignore_iof_thr=0.5,
    )
    assert result.gt_inds.tolist() == [0] * num_priors


def test_object_without_area_claims_what_stock_gives_it():
    """All priors at min_pos_iou 0, mmdet's default; none above 0."""
    for least, expected in ((0.0, [1, 1]), (0.1, [0, 0])):
        result = compare(
            image([[0.0, 0, 4, 4], [9.0, 9, 12, 12]], [[2.0, 2, 2, 4]]),
            pos_iou_thr=0.5,
            neg_iou_thr=0.3,
            min_pos_iou=least,
        )
        assert result.gt_inds.tolist() == expected


def test_thresholds_may_change_in_training():
    """Dynamic R-CNN sets them; 6 of the object's 10 rows are an IoU of 0.6."""
    parts = image([[0.0, 0, 10, 6]], [[0.0, 0, 10, 10]])
    found = []
    for kind in (DenseMaxIoUAssigner, MaxIoUAssigner):
        assigner = kind(0.5, 0.5, 0.5, match_low_quality=False)
        found.append(assigner.assign(*parts).gt_inds.item())
        assigner.pos_iou_thr = assigner.neg_iou_thr = 0.7
        assigner.min_pos_iou = 0.7
        found.append(assigner.assign(*parts).gt_inds.item())
    assert found == [1, 0, 1, 0]


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_narrow_boxes_are_compared_in_float32(dtype):
    """A box of 1000 x 1000 pixels: its area is no float16, and the stock
    class finds no object in itself."""
    big = [[0.0, 0, 1000, 1000], [1000.0, 0, 2000, 1000]]
    narrow, wide = image(big, big[:1]), image(big, big[:1])
    narrow[0].priors = narrow[0].priors.to(dtype)
    narrow[1].bboxes = narrow[1].bboxes.to(dtype)
    options = dict(pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5)
    found = DenseMaxIoUAssigner(**options).assign(*narrow)
    assert_equal(found, MaxIoUAssigner(**options).assign(*wide))
    assert found.gt_inds.tolist() == [1, 0]
    assert found.max_overlaps.dtype == torch.float32


def test_box_types_scores_and_whole_numbers():
    plain = image([[0.0, 0, 4, 4], [2.0, 0, 6, 4]], [[0.0, 0, 4, 4]])
    assigner = TASK_UTILS.build(
        dict(type='DenseMaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.3)
    )
    expected = assigner.assign(*plain)
    other = image([[0, 0, 4, 4], [2, 0, 6, 4]], [[0.0, 0, 4, 4, 0.9]])
    other[0].priors = HorizontalBoxes(other[0].priors)
    assert_equal(assigner.assign(*other), expected)


def test_gradients_are_left_alone():
    """Boxes of the stage before may still carry a graph."""
    parts = make_image(20, 3, 0, 'real', 0)
    parts[0].priors.requires_grad_()
    result = DenseMaxIoUAssigner(0.5, 0.5).assign(*parts)
    assert not result.max_overlaps.requires_grad


@pytest.mark.parametrize(
    'options, words',
    [
        (dict(pos_iou_thr=0.3, neg_iou_thr=0.7), 'rise.* got 0.7 and .* 0.3'),
        (dict(pos_iou_thr=0.5, neg_iou_thr=(0.4, 0.1)), 'that rise'),
        (dict(pos_iou_thr=float('nan'), neg_iou_thr=0.5), 'that rise'),
        (dict(pos_iou_thr=0.5, neg_iou_thr=[0.1, 0.3]), 'a tuple of two'),
        (dict(pos_iou_thr=0.5, neg_iou_thr=(0.1,)), 'a tuple of two'),
        (dict(pos_iou_thr=0.5, neg_iou_thr=0), 'a float'),
        (
            dict(
                pos_iou_thr=0.5,
                neg_iou_thr=0.5,
                iou_calculator=dict(type='BboxOverlaps2D_GLIP'),
            ),
            'must be BboxOverlaps2D, but got BboxOverlaps2D_GLIP',
        ),
    ],
)
def test_refuses_options(options, words):
    with pytest.raises(ValueError, match=words):
        DenseMaxIoUAssigner(**options)


def test_refuses_points():
    with pytest.raises(ValueError, match=r'priors must be .* \(1, 2\)'):
        DenseMaxIoUAssigner(0.5, 0.5).assign(
            *image([[3.0, 4]], [[0.0, 0, 4, 4]])
        )


def swap_assigners(config, kind):
    """Change the type of every MaxIoUAssigner of a config."""
    values = config.values() if isinstance(config, dict) else config
    for value in values:
        if isinstance(value, (dict, list)):
            swap_assigners(value, kind)
    if isinstance(config, dict) and config.get('type') == 'MaxIoUAssigner':
        config['type'] = kind
    return config


def make_samples(num_objects):
    samples = []
    for num in num_objects:
        rng = torch.Generator().manual_seed(num)
        sample = DetDataSample(
            metainfo=dict(img_shape=(64, 96), pad_shape=(64, 96))
        )
        sample.gt_instances = InstanceData(
            bboxes=random_boxes(num, (96, 64), rng),
            labels=torch.zeros(num, dtype=torch.long),
        )
        sample.ignored_instances = InstanceData(
            bboxes=random_boxes(2, (96, 64), rng),
            labels=torch.zeros(2, dtype=torch.long),
        )
        samples.append(sample)
    return samples


def losses(config, inputs, dtype):
    torch.manual_seed(0)
    module = MODELS.build(config)
    module.init_weights()
    with torch.autocast('cpu', dtype, enabled=dtype is not None):
        found = module.train().loss(inputs, make_samples([30, 0]))
    return {
        name: torch.stack(value) if type(value) is list else value
        for name, value in found.items()
    }


def retina_head():
    return ConfigDict(
        type='RetinaHead',
        num_classes=1,
        in_channels=4,
        feat_channels=4,
        stacked_convs=1,
        anchor_generator=dict(
            type='AnchorGenerator',
            octave_base_scale=4,
            scales_per_octave=3,
            ratios=[0.5, 1.0, 2.0],
            strides=[8, 16],
        ),
        train_cfg=dict(
            assigner=dict(
                type='MaxIoUAssigner',
                pos_iou_thr=0.5,
                neg_iou_thr=0.4,
                min_pos_iou=0,
                ignore_iof_thr=0.5,
            ),
            sampler=dict(type='PseudoSampler'),
            allowed_border=-1,
            pos_weight=-1,
        ),
    )


@pytest.mark.parametrize('dtype', [None, torch.bfloat16, torch.float16])
def test_losses_of_a_cascade_and_of_retinanet_are_equal(dtype):
    """RPN, three RoI heads and a one-stage head, 30 objects and none; in
    automatic mixed precision too."""
    register_all_modules()
    maps = [torch.rand(2, 4, 8, 12), torch.rand(2, 4, 4, 6)]
    for make, inputs in (
        (lambda: model_config(3), torch.rand(2, 3, 64, 96)),
        (retina_head, maps),
    ):
        stock, ours = (
            losses(swap_assigners(make(), kind), inputs, dtype)
            for kind in ('MaxIoUAssigner', 'DenseMaxIoUAssigner')
        )
        assert stock.keys() == ours.keys() and len(stock)
        for name in stock:
            torch.testing.assert_close(ours[name], stock[name])
            # Positives there were: an empty sum of box losses is 0.
            if 'bbox' in name:
                assert stock[name].sum() > 0, name


@pytest.mark.gpu
@pytest.mark.parametrize('kind', ['whole', 'real', 'copies'])
@pytest.mark.parametrize('num_objects', [0, 1, 600])
def test_cuda_gives_what_the_cpu_gives(kind, num_objects, gpu):
    parts = make_image(3000, num_objects, 9, kind, 0)
    assigner = DenseMaxIoUAssigner(
        0.7, 0.3, min_pos_iou=0.3, ignore_iof_thr=0.5
    )
    expected = assigner.assign(*parts)
    found = assigner.assign(*(part.to(gpu) for part in parts))
    assert found.gt_inds.device.type == gpu.type
    found.gt_inds = found.gt_inds.cpu()
    found.max_overlaps = found.max_overlaps.cpu()
    found.labels = found.labels.cpu()
    assert_equal(found, expected)
