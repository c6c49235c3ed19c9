"""Overlapping tiles: where they are, and each object counted once."""

import numpy as np
import pytest

from dense_scene.inference.tiles import (
    Tile,
    TiledDetector,
    merge_tiles,
    plan_tiles,
)
from dense_scene.utils.boxes import overlapping_pairs
from dense_scene.visualization.dense_picture import PictureBoxes

from .sheets import PerfectDetector, draw_sheet, shelf_of_products


def found(*boxes, scores=None, labels=None):
    boxes = np.reshape(boxes, (-1, 4)).astype(float)
    scores = np.linspace(0.9, 0.8, len(boxes)) if scores is None else scores
    labels = np.zeros(len(boxes), int) if labels is None else labels
    return PictureBoxes(boxes, np.array(labels), np.array(scores))


def corners(merged):
    return sorted(map(tuple, merged.boxes.tolist()))


@pytest.mark.parametrize('size', [(1000, 700), (99, 3000), (1, 1), (64, 64)])
@pytest.mark.parametrize('tiles', ['auto', '64', '300', '1x1', '2x3', '5x4'])
def test_tiles_cover_the_image_and_share_a_quarter(size, tiles):
    planned = plan_tiles(size, tiles, auto_side=256)
    covered = np.zeros(size[::-1], bool)
    for x1, y1, x2, y2 in planned:
        assert 0 <= x1 < x2 <= size[0] and 0 <= y1 < y2 <= size[1]
        covered[y1:y2, x1:x2] = True
    assert covered.all() and len(set(planned)) == len(planned)
    for axis in (0, 1):
        spans = sorted({(tile[axis], tile[axis + 2]) for tile in planned})
        for (start, end), (following, _) in zip(spans, spans[1:]):
            assert end - following >= 0.25 * (end - start) - 1


def test_rows_and_columns():
    planned = plan_tiles((1000, 700), '2x3')
    assert len(planned) == 6
    assert len({tile.y1 for tile in planned}) == 2
    assert plan_tiles((500, 400), '512') == [Tile(0, 0, 500, 400)]


@pytest.mark.parametrize('tiles', ['', '0x2', 'x', '3', '63', '2x', 'big'])
def test_other_words_are_refused(tiles):
    with pytest.raises(ValueError, match='must be'):
        plan_tiles((500, 400), tiles)


TILES = [Tile(0, 0, 100, 100), Tile(75, 0, 175, 100)]
SIZE = 175, 100


def test_a_cut_box_goes_in_favor_of_the_whole_one():
    """The object from 80 to 120 is cut at 100 in the first tile."""
    parts = [found([80, 10, 100, 50], scores=[0.99]), found([5, 10, 45, 50])]
    assert corners(merge_tiles(parts, TILES, SIZE)) == [(80, 10, 120, 50)]


def test_an_object_seen_whole_twice_counts_once():
    parts = [found([80, 10, 95, 50]), found([4, 11, 20, 50], scores=[0.95])]
    merged = merge_tiles(parts, TILES, SIZE)
    assert corners(merged) == [(79, 11, 95, 50)]
    assert merged.scores.tolist() == [0.95]


def test_an_object_larger_than_the_overlap_is_joined():
    """From 60 to 140: 60 to 100 in the first tile, 75 to 140 in the other."""
    parts = [found([60, 10, 100, 50]), found([0, 11, 65, 50])]
    assert corners(merge_tiles(parts, TILES, SIZE)) == [(60, 10, 140, 50)]


def test_touching_objects_at_a_seam_stay_two():
    """One ends at 88, the other begins there; each is whole in one tile."""
    parts = [
        found([60, 10, 88, 50], [88, 10, 100, 50]),
        found([0, 10, 13, 50], [13, 10, 45, 50]),
    ]
    merged = merge_tiles(parts, TILES, SIZE)
    assert corners(merged) == [(60, 10, 88, 50), (88, 10, 120, 50)]


def test_classes_and_boxes_of_one_tile_are_left_alone():
    box, shifted = [78, 10, 95, 50], [3, 10, 20, 50]
    parts = [found(box, box, labels=[0, 1]), found(shifted, labels=[2])]
    assert len(merge_tiles(parts, TILES, SIZE)) == 3


def test_the_edge_of_the_image_is_no_seam():
    parts = [found([0, 0, 30, 100]), found([80, 60, 100, 100])]
    assert len(merge_tiles(parts, TILES, SIZE)) == 2


def test_no_boxes():
    assert len(merge_tiles([found(), found()], TILES, SIZE)) == 0


@pytest.mark.parametrize('tiles', ['200', '300', '3x4', '1x5'])
@pytest.mark.parametrize('jitter', [0, 1.0])
def test_every_object_of_a_sheet_once(tiles, jitter):
    """600 objects of up to 40 pixels, whole somewhere in tiles of 200."""
    truth = shelf_of_products((1200, 800), 20, 30)
    sheet = draw_sheet(truth, (1200, 800))
    detector = TiledDetector(PerfectDetector(jitter=jitter), tiles)
    boxes = detector([sheet])[0].boxes
    assert len(boxes) == 600
    _, obj, iou = overlapping_pairs(boxes, truth)
    assert len(set(obj[iou > 0.7].tolist())) == 600


def test_batches_of_tiles():
    model = PerfectDetector()
    sheet = np.zeros((400, 700, 3), np.uint8)
    assert len(TiledDetector(model, '200', 4)([sheet])[0]) == 0
    number = len(plan_tiles((700, 400), '200'))
    assert sum(model.calls) == number and max(model.calls) == 4


@pytest.mark.slow
def test_a_sheet_of_two_thousand_products():
    """12,000 x 9,000 pixels; the model never gets more than a tile."""
    size = 12_000, 9_000
    truth = shelf_of_products(size, 40, 50)
    sheet = draw_sheet(truth, size)
    model = PerfectDetector(least=12, jitter=2.0)
    boxes = TiledDetector(model, 'auto', auto_side=1024)([sheet])[0].boxes
    assert abs(len(boxes) - 2000) <= 20  # the promise: one percent
    _, obj, iou = overlapping_pairs(boxes, truth)
    assert len(set(obj[iou > 0.8].tolist())) == 2000 == len(boxes)
    assert model.largest <= 1024 * 1024
