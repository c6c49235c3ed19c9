"""MixUp: pixels, boxes, scores, and their way into gt_instances."""

import numpy as np
import pytest
import torch
from mmdet.datasets import MultiImageMixDataset
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.registry import init_default_scope

from dense_scene.datasets.coco import DenseCocoDataset
from dense_scene.datasets.transforms import (
    BetaMixUp,
    KeepBoxScores,
    PackScoredInputs,
)
from dense_scene.datasets.transforms.mixup.beta_mix_up import blend
from dense_scene.testing import tiny_coco, touching_row


def sample(n, value=100, size=(40, 60), label=0, box=(6.0, 20.0)):
    """An image of one gray with a row of touching boxes."""
    return dict(
        img=np.full((*size, 3), value, np.uint8),
        img_shape=size,
        gt_bboxes=HorizontalBoxes(touching_row(n, box)),
        gt_bboxes_labels=np.full(n, label),
        gt_ignore_flags=np.zeros(n, bool),
    )


def mix(first, second, share):
    transform = BetaMixUp()
    transform.draw_share = lambda: share
    return transform({**first, 'mix_results': [second]})


def test_blend_by_hand():
    """A row of two and a column of two: 0.25 * 200 + 0.75 * 100 = 125."""
    first = np.full((1, 2, 3), 200, np.uint8)
    second = np.full((2, 1, 3), 100, np.uint8)
    mixed = blend(first, second, 0.25)
    assert mixed.dtype == np.uint8
    assert mixed[..., 0].tolist() == [[125, 50], [75, 0]]


def test_an_image_blended_with_itself_stays():
    image = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    for share in (0.0, 0.123, 0.5, 1.0):
        assert (blend(image, image, share) == image).all()


@pytest.mark.parametrize('numbers', [(0, 0), (1, 0), (0, 3), (700, 400)])
def test_boxes_of_both_are_kept_with_their_shares(numbers):
    first, second = (sample(n, label=label) for label, n in enumerate(numbers))
    result = mix(first, second, 0.25)
    n, m = numbers
    expected = torch.cat((touching_row(n, (6, 20)), touching_row(m, (6, 20))))
    assert torch.equal(result['gt_bboxes'].tensor, expected)
    assert result['gt_bboxes_labels'].tolist() == [0] * n + [1] * m
    assert result['gt_scores'].tolist() == [0.25] * n + [0.75] * m
    assert result['gt_scores'].dtype == np.float32
    assert len(result['gt_ignore_flags']) == n + m


def test_the_canvas_holds_the_larger_sides():
    result = mix(sample(1, size=(40, 60)), sample(1, size=(50, 30)), 0.5)
    assert result['img'].shape == (50, 60, 3)
    assert result['img_shape'] == (50, 60)


def test_shares_are_of_the_beta_distribution():
    """Beta(1.5, 1.5): mean 1/2, variance 1/16 = ab / ((a+b)^2 (a+b+1))."""
    np.random.seed(0)
    transform = BetaMixUp()
    shares = np.array([transform.draw_share() for _ in range(4000)])
    assert ((shares > 0) & (shares < 1)).all()
    # Five standard errors: 0.25 / sqrt(4000) = 0.004
    assert abs(shares.mean() - 0.5) < 0.02
    assert abs(shares.var() - 1 / 16) < 0.005


def test_scores_follow_their_boxes_through_stock_transforms():
    """Scores that tell the box they belong to."""
    init_default_scope('mmdet')
    np.random.seed(0)
    kept = []
    for _ in range(20):
        results = mix(sample(6, size=(64, 64)), sample(4, size=(64, 64)), 0.5)
        left = results['gt_bboxes'].tensor[:, 0].numpy()
        results['gt_scores'] = left.copy()
        results['gt_bboxes_labels'] = left.astype(int) + 7
        results = KeepBoxScores(
            transforms=[dict(type='MinIoURandomCrop', min_ious=(0.3, 0.7))]
        )(results)
        boxes = results['gt_bboxes'].tensor[:, 0].numpy()
        scores = results['gt_scores']
        assert len(boxes) == len(scores)
        assert (results['gt_bboxes_labels'] == scores.astype(int) + 7).all()
        # The crop moved and cut boxes; their order from the left is the same.
        assert (np.diff(boxes[np.argsort(scores, kind='stable')]) >= 0).all()
        kept.append(len(boxes))
    assert min(kept) < 10


def test_a_transform_that_gives_none_does_so_here():
    init_default_scope('mmdet')
    drop = dict(type='FilterAnnotations', min_gt_bbox_wh=(99, 99))
    results = mix(sample(2), sample(1), 0.5)
    assert KeepBoxScores(transforms=[drop])(results) is None


@pytest.mark.parametrize('n', [0, 5])
def test_scores_are_packed(n):
    packed = PackScoredInputs(meta_keys=())(mix(sample(n), sample(n), 0.25))
    instances = packed['data_samples'].gt_instances
    assert instances.scores.tolist() == [0.25] * n + [0.75] * n
    assert len(instances.bboxes) == 2 * n


def test_packing_without_scores_is_the_stock_one():
    packed = PackScoredInputs(meta_keys=())(sample(3))
    assert 'scores' not in packed['data_samples'].gt_instances


@pytest.mark.parametrize('rows', [0, 2])
def test_through_a_data_set(tmp_path, rows):
    """All of PP-YOLO's pipeline; without objects too."""
    init_default_scope('mmdet')
    annotations = tiny_coco(tmp_path, 3, rows=rows)
    inner = dict(
        type=DenseCocoDataset,
        ann_file=str(annotations),
        data_prefix=dict(img=str(tmp_path / 'images')),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
        ],
    )
    stock = [
        dict(type='PhotoMetricDistortion'),
        dict(type='Expand', ratio_range=(1, 2), prob=0.5),
        dict(type='MinIoURandomCrop'),
        dict(type='Resize', scale=(64, 64), keep_ratio=False),
        dict(type='RandomFlip', prob=0.5),
        dict(
            type='FilterAnnotations', min_gt_bbox_wh=(1, 1), keep_empty=False
        ),
    ]
    dataset = MultiImageMixDataset(
        inner,
        [
            dict(type='BetaMixUp'),
            dict(type='KeepBoxScores', transforms=stock),
            dict(type='PackScoredInputs'),
        ],
    )
    for index in range(3):
        item = dataset[index]
        instances = item['data_samples'].gt_instances
        assert item['inputs'].shape == (3, 64, 64)
        assert len(instances.scores) == len(instances.bboxes)
        assert (len(instances.bboxes) > 0) == (rows > 0)
        # Two shares, which make one
        shares = instances.scores.unique()
        assert len(shares) <= 2
        if len(shares) == 2:
            assert shares.sum().item() == pytest.approx(1)


def test_they_are_registered():
    for name in ('BetaMixUp', 'KeepBoxScores', 'PackScoredInputs'):
        assert TRANSFORMS.get(name).__name__ == name
