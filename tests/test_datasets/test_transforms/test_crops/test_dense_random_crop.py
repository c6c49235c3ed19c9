"""DenseRandomCrop draws like RandomCrop and cuts fewer objects."""

import numpy as np
import pytest
import torch
from mmdet.datasets.transforms import RandomCrop

from dense_scene.datasets.transforms.crops.dense_random_crop import (
    DenseRandomCrop,
    count_cut,
    snap_window,
)
from dense_scene.testing import random_boxes, touching_row

from .crop_samples import boxes_of, make_sample, window_of

# Rows of touching objects of 10 x 12, four pixels between rows
SHELF = torch.cat(
    [
        touching_row(9, (10, 12), (3 + row % 3, 2 + 16 * row))
        for row in range(5)
    ]
)
IMAGE = (1000, 800)


def brute_force(boxes, window, reach, size):
    """The rule of the docstring, one place and one box at a time."""
    window = list(window)
    for edge in (1, 3, 0, 2):
        axis = edge % 2
        if window[edge] in (0, size[axis]):
            continue
        inwards = 1 if edge < 2 else -1
        length = window[axis + 2] - window[axis]
        best = None
        for step in range(int(min(reach[axis], length - 1)) + 1):
            trial = list(window)
            trial[edge] += inwards * step
            cut = sum(
                (
                    b[0] < trial[2]
                    and b[2] > trial[0]
                    and b[1] < trial[3]
                    and b[3] > trial[1]
                )
                and not (
                    b[0] >= trial[0]
                    and b[1] >= trial[1]
                    and b[2] <= trial[2]
                    and b[3] <= trial[3]
                )
                for b in boxes
            )
            if best is None or cut < best[0]:
                best = cut, trial
        window = best[1]
    return window


def rows_of_boxes(rows=4, count=9):
    """Rows of touching boxes of 20 x 30 with 10 pixels between rows."""
    return torch.cat(
        [
            touching_row(count, (20, 30), (7 * row, 40 * row))
            for row in range(rows)
        ]
    ).numpy()


def random_window(rng, size=IMAGE):
    x, y = (
        np.sort(rng.integers(0, size[0], 2)),
        np.sort(rng.integers(0, size[1], 2)),
    )
    return np.array([x[0], y[0], x[1] + 1, y[1] + 1])


@pytest.mark.parametrize('whole', [True, False])
def test_equals_brute_force(whole, generator):
    rng = np.random.default_rng(0)
    for count in (0, 1, 30):
        boxes = random_boxes(count, (60, 50), generator).numpy()
        boxes = boxes.round() if whole else boxes
        boxes[:, 2:] += 1  # with area
        for _ in range(10):
            window = random_window(rng, (60, 50))
            found = snap_window(boxes, window, (7, 9), (60, 50))
            assert found.tolist() == brute_force(
                boxes, window, (7, 9), (60, 50)
            )


def test_cuts_no_row_when_the_gap_is_within_reach():
    # Rows end at 30, 70, 110, 150 and begin at 40, 80, 120. The top, 20, is
    # in row one: the nearest place with no box across is 30. The bottom, 100,
    # is in row three, which begins at 80.
    found = snap_window(
        rows_of_boxes(), np.array([0, 20, 180, 100]), (0, 25), (180, 200)
    )
    assert found.tolist() == [0, 30, 180, 80]


def test_stays_where_nothing_is_gained():
    boxes = rows_of_boxes()
    # Between two rows, and a single box wider than the reach.
    for window in ([0, 35, 180, 75], [50, 40, 80, 70]):
        found = snap_window(boxes, np.array(window), (3, 3), (180, 200))
        assert found.tolist() == window


def test_edges_on_the_border_stay():
    # A box that reaches out of the image: cut, but not by moving in.
    boxes = np.array([[-5, -5, 3, 3], [95, 95, 105, 105]])
    window = np.array([0, 0, 100, 100])
    found = snap_window(boxes, window, (20, 20), (100, 100))
    assert found.tolist() == window.tolist()


def test_never_grows_and_never_cuts_more(generator):
    rng = np.random.default_rng(1)
    boxes = random_boxes(600, IMAGE, generator).numpy()
    # Small boxes, as objects are: 600 of 1 to 61 pixels a side.
    boxes[:, 2:] = boxes[:, :2] + boxes[:, 2:] % 60 + 1
    fewer = 0
    for _ in range(100):
        window = random_window(rng)
        reach = 0.1 * (window[2:] - window[:2])
        found = snap_window(boxes, window, reach, IMAGE)
        moved = (found - window) * [1, 1, -1, -1]
        assert (moved >= 0).all()
        assert (moved <= np.tile(reach, 2)).all()
        assert (found[:2] < found[2:]).all()
        before, after = count_cut(boxes, window), count_cut(boxes, found)
        assert after <= before
        fewer += after < before
    assert fewer > 50


def test_mirror_and_permutation(generator):
    # A mirrored scene gives the mirrored window, along each axis where only
    # one of the two edges is free to move.
    boxes = random_boxes(50, (200, 200), generator).numpy().round()
    boxes[:, 2:] += 1
    window = np.array([60, 0, 200, 200])
    found = snap_window(boxes, window, (30, 30), (200, 200))
    mirrored = boxes[::-1][:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [200, 0, 200, 0]
    other = snap_window(
        mirrored, np.array([0, 0, 140, 200]), (30, 30), (200, 200)
    )
    assert found[0] > 60
    assert other.tolist() == [0, 0, 200 - found[0], 200]


def test_count_cut_by_hand():
    row = touching_row(3, (10, 20)).numpy()
    # Through the first, along the edge of the second, nothing of the third.
    assert count_cut(row, np.array([5, 0, 20, 20])) == 1
    assert count_cut(row, np.array([0, 5, 30, 20])) == 3
    assert count_cut(row, np.array([0, 0, 30, 20])) == 0
    assert count_cut(row, np.array([12, 5, 18, 8])) == 1  # within a box
    assert count_cut(row[:0], np.array([0, 0, 9, 9])) == 0


def windows(crop, boxes, count=100, **kwargs) -> list[tuple]:
    np.random.seed(0)
    return [
        window_of(crop(make_sample(boxes, **kwargs))) for _ in range(count)
    ]


def test_without_snapping_it_is_the_stock_crop():
    ours = DenseRandomCrop((50, 40), snap=0, min_visible=1e-9)
    stock = RandomCrop((50, 40))
    for seed in range(5):
        np.random.seed(seed)
        found = ours(make_sample(SHELF))
        x, y, _, _ = window_of(found)
        stock._rand_offset = lambda margin, x=x, y=y: (y, x)
        expected = stock(make_sample(SHELF))
        np.testing.assert_array_equal(found['img'], expected['img'])
        assert boxes_of(found) == boxes_of(expected)
        np.testing.assert_array_equal(
            found['gt_bboxes_labels'], expected['gt_bboxes_labels']
        )
        np.testing.assert_array_equal(
            found['homography_matrix'], expected['homography_matrix']
        )


def test_places_are_uniform_without_snapping():
    crop = DenseRandomCrop((50, 40), snap=0)
    found = np.array(
        windows(crop, torch.tensor([[0.0, 0, 100, 80]]), 800, channels=1)
    )
    # 0 to 50 and 0 to 40 with mean 25 and 20; standard deviations of the
    # mean 14.7 / 28 = 0.52 and 11.8 / 28 = 0.42
    for column, largest in ((0, 50), (1, 40)):
        starts = found[:, column]
        assert starts.min() == 0 and starts.max() == largest
        assert abs(starts.mean() - largest / 2) < 2.5


def test_rows_are_not_cut():
    # An edge within a row is at most 12 pixels from the gap: a quarter of 48.
    crop = DenseRandomCrop((60, 48), snap=0.25)
    cut = 0
    for x1, y1, x2, y2 in windows(crop, SHELF):
        for row_top in range(2, 80, 16):
            for edge in (y1, y2):
                cut += row_top < edge < row_top + 12 and edge != 80
        assert 30 <= x2 - x1 <= 60 and 24 <= y2 - y1 <= 48
    assert cut == 0


def test_cuts_fewer_of_600_objects(generator):
    boxes = random_boxes(600, (1000, 800), generator)
    boxes[:, 2:] = boxes[:, :2] + 30 + boxes[:, 2:] % 10
    boxes[:, 0::2].clamp_(0, 1000)
    boxes[:, 1::2].clamp_(0, 800)
    total = []
    for snap in (0, 0.1):
        crop = DenseRandomCrop((0.5, 0.5), snap=snap)
        total.append(
            sum(
                count_cut(boxes.numpy(), np.array(window))
                for window in windows(
                    crop, boxes, 20, size=(1000, 800), channels=1
                )
            )
        )
    assert total[1] < 0.8 * total[0]


def test_ignored_objects_do_not_move_edges():
    # 40 of 80 rows always cut the second object, at 30 to 50, or touch it.
    boxes = torch.tensor([[0.0, 0, 1, 1], [1, 30, 99, 50]])
    crop = DenseRandomCrop((100, 40), snap=0.4, allow_negative=True)
    heights = [
        y2 - y1 for _, y1, _, y2 in windows(crop, boxes, 20, ignored=[1])
    ]
    assert set(heights) == {40}
    heights = [y2 - y1 for _, y1, _, y2 in windows(crop, boxes, 20)]
    assert min(heights) < 40


def test_small_images_and_parts_of_a_side():
    found = DenseRandomCrop((1200, 1200))(make_sample(SHELF))
    assert found['img'].shape == (80, 100, 3)
    assert len(found['gt_bboxes']) == 45
    found = DenseRandomCrop((0.5, 1.0), snap=0)(make_sample(SHELF))
    assert found['img'].shape == (80, 50, 3)
    found = DenseRandomCrop((1, 1))(
        make_sample(torch.tensor([[0.0, 0, 1, 1]]), size=(1, 1))
    )
    assert found['img'].shape == (1, 1, 3)


def test_draws_again_until_there_is_an_object():
    # Of the 51 x 41 places a fifth holds the object.
    boxes = torch.tensor([[20.0, 10, 21, 11]])
    crop = DenseRandomCrop((10, 80))
    np.random.seed(0)
    found = [crop(make_sample(boxes)) for _ in range(50)]
    good = [one for one in found if one is not None]
    # 10 of 91 places: 1 - (81 / 91)^10 = 0.69 of the samples, 34 of 50 with
    # a standard deviation of 3.3; a single draw would give 5.5
    assert 22 <= len(good) <= 46
    assert all(len(one['gt_bboxes']) == 1 for one in good)


@pytest.mark.parametrize('ignored', [[], [0]])
def test_nothing_to_keep(ignored):
    boxes = torch.tensor([[10.0, 10, 50, 50]])[: len(ignored)]
    crop = DenseRandomCrop((50, 40))
    assert crop(make_sample(boxes, ignored=ignored)) is None
    crop = DenseRandomCrop((50, 40), snap=0, allow_negative=True)
    assert crop(make_sample(boxes, ignored=ignored))['img'].shape[:2] == (
        40,
        50,
    )


def test_the_same_seed_gives_the_same_window():
    crop = DenseRandomCrop((50, 40))
    assert windows(crop, SHELF, 10) == windows(crop, SHELF, 10)


@pytest.mark.parametrize(
    'options, words',
    [
        (
            dict(crop_size=600),
            r'crop_size must be \(width, height\).* got 600',
        ),
        (dict(crop_size=(0, 5)), r'got \(0, 5\)'),
        (dict(crop_size=(1.2, 0.5)), r'\(0, 1\], but got \(1.2, 0.5\)'),
        (dict(crop_size=(0.5, 5)), r'got \(0.5, 5\)'),
        (dict(crop_size=(5, 5), snap=0.5), r'snap must be .* in \[0, 0.5\)'),
        (dict(crop_size=(5, 5), snap=None), 'but got None'),
    ],
)
def test_bad_arguments(options, words):
    with pytest.raises(ValueError, match=words) as caught:
        DenseRandomCrop(**options)
    assert '\n' not in str(caught.value)


def test_repr_builds_an_equal_one():
    crop = DenseRandomCrop((0.5, 0.25), snap=0.2, cut='background')
    assert eval(repr(crop)).__dict__ == crop.__dict__  # noqa: S307
