"""The rule for cut objects, with a window that is given."""

from unittest.mock import Mock

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import BaseBoxes

from dense_scene.datasets.transforms.crops.window_crop import (
    MEAN_COLOR,
    WindowCrop,
    visible_fraction,
)
from dense_scene.testing import random_boxes, touching_row

from .crop_samples import boxes_of, make_sample

WINDOW = (30, 20, 80, 60)
BOXES = torch.tensor(
    [
        [40, 30, 50, 40],  # 0: whole
        [20, 30, 60, 40],  # 1: three quarters of it
        [24, 50, 32, 58],  # 2: 2 of 8 columns, a quarter: just enough
        [23, 40, 32, 48],  # 3: 2 of 9 columns: not enough
        [78, 58, 90, 70],  # 4: 4 of 144 pixels
        [0, 0, 30, 20],  # 5: touches the corner from outside
        [70, 70, 75, 80],  # 6: below
        [76, 30, 80, 34],  # 7: whole, and touches the edge from inside
    ]
)
ROW = touching_row(3, (10, 20)).numpy()  # x from 0, 10, 20 to 10, 20, 30


def test_visible_fraction_by_hand():
    windows = [
        [5, 0, 20, 20],  # half of the first, all of the second
        [25, 10, 99, 99],  # a quarter of the third
        [10, 0, 20, 20],  # touches the first and third
        [40, 40, 50, 50],
    ]  # nothing
    np.testing.assert_array_equal(
        visible_fraction(ROW, np.array(windows)),
        [[0.5, 1, 0], [0, 0, 0.25], [0, 1, 0], [0, 0, 0]],
    )


@pytest.mark.parametrize('count', [0, 1, 600])
def test_fraction_equals_pixels_counted_one_by_one(count, generator):
    boxes = random_boxes(count, (40, 30), generator).round().numpy()
    window = np.array([7, 5, 31, 22])
    expected = []
    for x1, y1, x2, y2 in boxes.astype(int):
        pixels = np.zeros((30, 40), bool)
        pixels[y1:y2, x1:x2] = True
        expected.append(pixels[5:22, 7:31].sum() / max(pixels.sum(), 1))
    found = visible_fraction(boxes, window)
    assert found.shape == (1, count)
    np.testing.assert_allclose(found[0], expected)


def test_whole_is_exactly_one(generator):
    boxes = random_boxes(600, (1000, 1000), generator).numpy()
    found = visible_fraction(boxes, np.array([0, 0, 1000, 1000]))
    assert (found == 1).all()


def test_boxes_without_area_are_not_seen():
    boxes = np.array([[5, 5, 5, 9], [5, 5, 5, 5], [9, 9, 5, 5]])
    assert not visible_fraction(boxes, np.array([0, 0, 20, 20])).any()


class Given(WindowCrop):
    """A window that the test chooses."""

    def __init__(self, window=WINDOW, **kwargs):
        super().__init__(**kwargs)
        self.window = window

    def choose_window(self, boxes, counts, size):
        self.asked = boxes, counts, size
        return self.window and np.array(self.window)


def test_cut_objects_are_ignored():
    found = Given()(make_sample(BOXES, ignored=[1]))
    assert found['gt_bboxes_labels'].tolist() == [0, 1, 2, 3, 4, 7]
    # Shifted by (30, 20), clipped to 50 x 40.
    assert boxes_of(found) == [
        [10, 10, 20, 20],
        [0, 10, 30, 20],
        [0, 30, 2, 38],
        [0, 20, 2, 28],
        [48, 38, 50, 40],
        [46, 10, 50, 14],
    ]
    # 1 was ignored before; 3 and 4 are cut off.
    assert found['gt_ignore_flags'].tolist() == [
        False,
        True,
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize('cut', ['background', 'fill'])
def test_cut_objects_are_dropped(cut):
    found = Given(cut=cut)(make_sample(BOXES, ignored=[1]))
    assert found['gt_bboxes_labels'].tolist() == [0, 1, 2, 7]
    assert found['gt_ignore_flags'].tolist() == [False, True, False, False]


def test_whole_objects_only():
    found = Given(cut='background', min_visible=1)(make_sample(BOXES))
    assert found['gt_bboxes_labels'].tolist() == [0, 7]


@pytest.mark.parametrize('channels', [0, 1, 3])
def test_pixels(channels):
    sample = make_sample(BOXES, channels=channels)
    image = sample['img']
    found = Given()(sample)
    np.testing.assert_array_equal(found['img'], image[20:60, 30:80])
    assert found['img_shape'] == (40, 50)


@pytest.mark.parametrize('channels', [0, 3])
def test_fill_paints_what_goes_and_nothing_that_stays(channels):
    # 8 goes and reaches over 0, which stays.
    boxes = torch.cat([BOXES, torch.tensor([[44, 38, 47, 79]])])
    sample = make_sample(boxes, channels=channels)
    before = sample['img'].copy()
    found = Given(cut='fill', min_visible=0.75)(sample)
    assert found['gt_bboxes_labels'].tolist() == [0, 1, 7]
    np.testing.assert_array_equal(sample['img'], found['img'])
    mask = np.zeros(before.shape[:2], bool)
    for x1, y1, x2, y2 in boxes[[2, 3, 4, 8]].tolist():
        mask[y1:y2, x1:x2] = True
    for x1, y1, x2, y2 in boxes[[0, 1, 7]].tolist():
        mask[y1:y2, x1:x2] = False
    expected = before.copy()
    expected[mask] = MEAN_COLOR if channels else np.mean(MEAN_COLOR)
    np.testing.assert_array_equal(found['img'], expected[20:60, 30:80])


def test_fill_leaves_the_image_of_the_data_set():
    sample = make_sample(BOXES)
    image = sample['img']
    before = image.copy()
    Given(cut='fill')(sample)
    np.testing.assert_array_equal(image, before)


def test_fill_takes_every_pixel_that_a_box_touches():
    # x 28.5 to 31.5: the columns 30 and 31 of the image, 0 and 1 of the crop;
    # y 49.5 to 52.2: rows 49 to 52, 29 to 32 of the crop. 1.5 of 3 columns
    # are seen.
    boxes = torch.tensor([[28.5, 49.5, 31.5, 52.2], [40, 30, 50, 40]])
    found = Given(cut='fill', min_visible=0.6)(make_sample(boxes))
    painted = (found['img'] == np.array(MEAN_COLOR)).all(axis=2)
    assert np.argwhere(painted).tolist() == [
        [y, x] for y in (29, 30, 31, 32) for x in (0, 1)
    ]


def test_what_does_not_change():
    sample = make_sample(BOXES)
    held = sample['gt_bboxes']
    found = Given()(sample)
    assert found['ori_shape'] == (160, 200)
    assert found['scale_factor'] == (0.5, 0.5)
    assert held.tensor.tolist() == BOXES.tolist()  # nobody else's boxes


def test_homography_as_in_stock_crops():
    sample = make_sample(BOXES)
    found = Given()(sample)
    point = found['homography_matrix'] @ [40, 30, 1]
    assert point.tolist() == [10, 10, 1]
    # A second crop, from (5, 4) of the first
    found = Given((5, 4, 40, 40))(found)
    assert (found['homography_matrix'] @ [40, 30, 1]).tolist() == [5, 6, 1]


def test_the_window_is_chosen_from_boxes_within_the_image():
    crop = Given()
    boxes = torch.tensor([[-10.0, 10, 50, 90], [200, 200, 300, 300]])
    found = crop(make_sample(boxes, ignored=[1]))
    asked, counts, size = crop.asked
    assert asked.tolist() == [[0, 10, 50, 80], [100, 80, 100, 80]]
    assert counts.tolist() == [True, False]
    assert size == (100, 80)
    # Of the 50 x 70 pixels in the image 20 x 40 are seen: less than a
    # quarter. What lies out of the image is nowhere.
    assert found['gt_bboxes_labels'].tolist() == [0]
    assert found['gt_ignore_flags'].tolist() == [True]


@pytest.mark.parametrize('count', [0, 1, 600])
def test_kinds_of_samples(count, generator):
    boxes = random_boxes(count, (100, 80), generator)
    sample = make_sample(boxes)
    sample['gt_instances_ids'] = np.arange(count) + 1000
    found = Given()(sample)
    n = len(found['gt_bboxes'])
    for key in ('gt_bboxes_labels', 'gt_ignore_flags', 'gt_instances_ids'):
        assert len(found[key]) == n
    np.testing.assert_array_equal(
        found['gt_instances_ids'], found['gt_bboxes_labels'] + 1000
    )
    # Each label still goes with its box.
    shift = torch.tensor([30.0, 20, 30, 20])
    expected = boxes[found['gt_bboxes_labels']] - shift
    expected[:, 0::2].clamp_(0, 50)
    expected[:, 1::2].clamp_(0, 40)
    assert torch.equal(found['gt_bboxes'].tensor, expected)


def test_arrays_without_flags():
    sample = make_sample(BOXES)
    del sample['gt_ignore_flags']
    sample['gt_bboxes'] = BOXES.numpy().astype(np.float32)
    found = Given(cut='background')(dict(sample))
    assert found['gt_bboxes'][0].tolist() == [10, 10, 20, 20]
    assert 'gt_ignore_flags' not in found
    assert Given()(sample)['gt_ignore_flags'].sum() == 2


def test_no_window_draws_another_image():
    assert Given(None)(make_sample(BOXES)) is None


@pytest.mark.parametrize(
    'options, words',
    [
        (
            dict(min_visible=0),
            r'min_visible must be .* in \(0, 1\], but got 0',
        ),
        (dict(min_visible=1.5), 'but got 1.5'),
        (dict(min_visible='1'), "but got '1'"),
        (dict(cut='drop'), "'ignore', 'background', 'fill', but got 'drop'"),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words):
        Given(**options)


def test_out_of_place():
    sample = make_sample(BOXES)
    sample['gt_masks'] = object()
    with pytest.raises(ValueError, match='boxes alone, but got gt_masks'):
        Given()(sample)
    sample['gt_bboxes'] = Mock(spec=BaseBoxes)
    with pytest.raises(TypeError, match='HorizontalBoxes, but got Mock'):
        Given()(sample)
    del sample['gt_bboxes']
    with pytest.raises(ValueError, match='must come after LoadAnnotations'):
        Given()(sample)
