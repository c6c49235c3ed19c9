"""DetAutoAugment in a pipeline."""

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmcv.transforms.utils import cache_random_params
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.config import Config

from dense_scene.datasets.transforms.auto_augment.det_auto_augment import (
    DetAutoAugment,
)
from dense_scene.datasets.transforms.auto_augment.steps import OPERATION_NAMES

from .helpers import noise

SHIFT = [[('TranslateX_BBox', 1, 4)]]  # 100 pixels, left or right


def sample(kind=HorizontalBoxes, height=120, width=200):
    boxes = np.array(
        [[20, 20, 60, 60], [150, 20, 190, 60], [90, 50, 110, 70]], np.float32
    )
    boxes = boxes if kind is np.ndarray else kind(torch.from_numpy(boxes))
    return dict(
        img=noise(height, width),
        img_shape=(height, width),
        gt_bboxes=boxes,
        gt_bboxes_labels=np.array([3, 4, 5]),
        gt_ignore_flags=np.array([False, True, True]),
        gt_instances_ids=np.array([7, 8, 9]),
    )


@pytest.mark.parametrize('kind', [HorizontalBoxes, np.ndarray])
def test_boxes_labels_and_flags_go_together(kind):
    directions = set()
    for seed in range(9):
        np.random.seed(seed)
        results = DetAutoAugment(SHIFT)(sample(kind))
        assert type(results['gt_bboxes']) is kind
        found = results['gt_bboxes']
        found = found.tensor if kind is HorizontalBoxes else found
        assert found.dtype in (torch.float32, np.float32)
        if results['gt_bboxes_labels'][0] == 3:  # to the right
            assert found.tolist() == [[120, 20, 160, 60], [190, 50, 200, 70]]
            assert results['gt_bboxes_labels'].tolist() == [3, 5]
            assert results['gt_ignore_flags'].tolist() == [False, True]
            assert results['gt_instances_ids'].tolist() == [7, 9]
        else:
            assert found.tolist() == [[50, 20, 90, 60], [0, 50, 10, 70]]
            assert results['gt_bboxes_labels'].tolist() == [4, 5]
            assert results['gt_ignore_flags'].tolist() == [True, True]
            assert results['gt_instances_ids'].tolist() == [8, 9]
        shift = results['homography_matrix'][0, 2]
        assert abs(shift) == 100
        directions.add(int(shift))
    assert len(directions) == 2


def test_boxes_that_a_move_back_does_not_bring_back():
    there_and_back = DetAutoAugment([[('TranslateX_BBox', 1, 4)] * 2])
    found = set()
    for seed in range(30):
        np.random.seed(seed)
        results = there_and_back(sample())
        shift = int(results['homography_matrix'][0, 2])
        found.add((shift, *results['gt_bboxes_labels'].tolist()))
        if shift == 0:
            x1, y1, x2, y2 = results['gt_bboxes'].tensor[-1].int().tolist()
            assert (
                results['img'][y1:y2, x1:x2] == sample()['img'][y1:y2, x1:x2]
            ).all()
    # 100 pixels of 200 to the right push out the second box and half of the
    # third, to the left the first; twice the same way leaves nothing.
    assert found == {(200,), (-200,), (0, 3, 5), (0, 4, 5)}


def test_given_image_and_boxes_are_not_written_to():
    for name in OPERATION_NAMES:
        given = sample()
        image, boxes = given['img'], given['gt_bboxes'].tensor
        copies = image.copy(), boxes.clone()
        image.setflags(write=False)
        DetAutoAugment([[(name, 1, 7), (name, 1, 3)]])(given)
        assert (image == copies[0]).all() and torch.equal(boxes, copies[1])


def test_a_reduced_photo_moves_as_the_full_one():
    # 100 pixels of a photo of 400 x 480 are 50 or 25 of 200 x 120.
    for name, step, (dx, dy) in (
        ('TranslateX_BBox', [100, 0], (50, 0)),
        ('TranslateY_BBox', [0, 100], (0, 25)),
    ):
        boxes = HorizontalBoxes([[150.0, 200, 250, 280]])
        results = dict(img=sample()['img'], gt_bboxes=boxes.clone())
        augment = DetAutoAugment([[(name, 1, 4)]]).augment
        augment(results, photo_size=(400, 480))
        found = results['homography_matrix'][:2, 2]
        sign = int(np.sign(found.sum()))
        assert (sign * found).tolist() == step
        moved = results['gt_bboxes'].tensor - boxes.tensor
        assert (sign * moved).tolist() == [step * 2]
        back = np.roll(results['img'], (-sign * dy, -sign * dx), (0, 1))
        assert (back == sample()['img'])[25:-25, 50:-50].all()


def test_matrix_goes_on_from_the_one_before():
    reduced = np.diag([0.5, 0.25, 1]).astype(np.float32)
    for before in (None, reduced):
        results = DetAutoAugment([[('ShearX_BBox', 1, 10)]])(
            dict(sample(), homography_matrix=before)
        )
        matrix = results['homography_matrix']
        assert matrix.dtype == np.float32
        np.testing.assert_allclose(
            abs(matrix),
            [[1, 0.3, 0], [0, 1, 0], [0, 0, 1]]
            @ (np.eye(3) if before is None else reduced),
            atol=1e-7,
        )


@pytest.mark.parametrize('policy', ['v0', 'v1', 'v2', 'v3'])
def test_same_seed_same_result(policy):
    transform = DetAutoAugment(policy)

    def run(seed):
        np.random.seed(seed)
        results = [transform(sample()) for _ in range(6)]
        return [
            (r['img'].tobytes(), r['gt_bboxes'].tensor.tolist())
            for r in results
        ]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert len(set(map(str, run(1)))) > 1  # images differ among themselves


def test_randomness_can_be_held():
    transform = DetAutoAugment('v1')
    with cache_random_params(transform):
        first, second = transform(sample()), transform(sample())
    assert (first['img'] == second['img']).all()


def test_sub_policies_are_drawn_alike():
    # Factors 0.1, 1.9 and thresholds: four sub-policies, four results.
    policy = [
        [('Solarize', 1, 0)],
        [('SolarizeAdd', 1, 10)],
        [('Brightness', 1, 0)],
        [],
    ]
    image = np.full((1, 1, 3), 100, np.uint8)
    transform = DetAutoAugment(policy)
    np.random.seed(0)
    found = [
        int(transform(dict(img=image))['img'][0, 0, 0]) for _ in range(2000)
    ]
    values, counts = np.unique(found, return_counts=True)
    # 255 - 100, 100 + 110, 0.1 * 100, and as it is.
    assert values.tolist() == [10, 100, 155, 210]
    # Five standard deviations of 2,000 draws at 1/4 are 97.
    assert (abs(counts - 500) < 97).all()


@pytest.mark.parametrize('name', OPERATION_NAMES)
def test_without_boxes_and_on_one_pixel(name):
    transform = DetAutoAugment([[(name, 1, 9)]])
    for image in (noise(1, 1), noise(40, 1), noise(30, 20)):
        for boxes in (
            dict(),
            dict(
                gt_bboxes=HorizontalBoxes(torch.zeros(0, 4)),
                gt_bboxes_labels=np.zeros(0, int),
            ),
            dict(gt_bboxes=np.zeros(0)),
            dict(gt_bboxes=np.array([[0.0, 0, 1, 1]] * 3)),
        ):
            results = transform(dict(img=image, **boxes))
            assert results['img'].shape == image.shape
            assert results['img'].dtype == np.uint8


def test_image_in_another_memory_order():
    image = noise(50, 40)
    transform = DetAutoAugment([[('Equalize', 1, 0), ('Color', 1, 8)]])
    expected = transform(dict(img=image.copy()))['img']
    for view in (np.asfortranarray(image), image[::-1].copy()[::-1]):
        assert (transform(dict(img=view))['img'] == expected).all()


@pytest.mark.parametrize(
    'change,error,words',
    [
        (
            dict(img=noise(5, 5).astype(np.float32)),
            ValueError,
            'got float32 of',
        ),
        (dict(img=noise(5, 5).astype(np.uint16)), ValueError, 'got uint16 of'),
        (dict(img=noise(5, 5)[..., 0]), ValueError, r'of shape \(5, 5\)'),
        (dict(img=noise(5, 5)[..., :1]), ValueError, r'of shape \(5, 5, 1\)'),
        (dict(img=np.zeros((0, 5, 3), np.uint8)), ValueError, r'\(0, 5, 3\)'),
        (dict(img=None), ValueError, 'got NoneType'),
        (dict(gt_masks=[1]), ValueError, 'but got gt_masks'),
        (dict(proposals=[1]), ValueError, 'but got proposals'),
        (dict(gt_bboxes=[[1, 2, 3, 4]]), TypeError, 'list'),
    ],
)
def test_bad_input_is_one_clear_line(change, error, words):
    with pytest.raises(error, match=words) as caught:
        DetAutoAugment('v1')(dict(sample(), **change))
    assert '\n' not in str(caught.value)


def test_config_and_repr(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(
        "a = dict(type='DetAutoAugment', policy='v1')\n"
        "b = dict(type='DetAutoAugment', policy=[[('Color', 1., 6),\n"
        "    dict(type='Rotate_BBox', prob=.5, level=10)]])\n"
        "c = dict(type='DetAutoAugment', policy='v5')\n"
    )
    config = Config.fromfile(path)
    assert repr(TRANSFORMS.build(config.a)) == "DetAutoAugment(policy='v1')"
    assert repr(TRANSFORMS.build(config.b)) == (
        "DetAutoAugment(policy=[[('Color', 1.0, 6.0), "
        "('Rotate_BBox', 0.5, 10.0)]])"
    )
    with pytest.raises(ValueError, match="but got 'v5'"):
        TRANSFORMS.build(config.c)


def test_in_a_stock_pipeline():
    pipeline = Compose(
        [
            TRANSFORMS.build(step)
            for step in (
                dict(type='DetAutoAugment', policy=SHIFT),
                dict(type='Resize', scale=(100, 60), keep_ratio=True),
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackDetInputs', meta_keys=('homography_matrix',)),
            )
        ]
    )
    packed = pipeline(sample())
    instances = packed['data_samples'].gt_instances
    ignored = packed['data_samples'].ignored_instances
    assert packed['inputs'].shape == (3, 60, 100)
    assert len(instances.bboxes) + len(ignored.bboxes) == 2
    assert len(ignored.labels) == len(ignored.bboxes)
