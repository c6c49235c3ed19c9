"""Detections in one file: nothing lost, nothing executed, small."""

import json
import os

import numpy as np
import pytest

from dense_scene.evaluation.stored.detection_file import (
    load_detections,
    save_detections,
)
from dense_scene.evaluation.tables.detections import Detections
from tests.test_evaluation.scenes import random_scene, read_truth

COLUMNS = ('image_ids', 'boxes', 'scores', 'labels', 'xywh')


def dense(num_images, count, dtype=np.float32):
    """Detections as a detector gives them, image by image."""
    rng = np.random.default_rng(0)
    corners = rng.random((num_images * count, 2)) * 2000
    boxes = np.hstack((corners, corners + rng.random(corners.shape) * 100 + 9))
    scores = rng.random(len(boxes)).astype(dtype)
    return Detections(
        np.repeat(np.arange(num_images) * 7 + 10**6, count),
        boxes.astype(dtype),
        scores,
        np.arange(len(boxes)) % 3,
    )


def assert_equal(ours, theirs):
    for name in COLUMNS:
        a, b = getattr(ours, name), getattr(theirs, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b, name)  # NaN equals NaN here


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@pytest.mark.parametrize('count', [0, 1, 600])
def test_round_trip_loses_no_bit(tmp_path, count, dtype):
    path = tmp_path / 'new folder' / 'found.npz'
    found = dense(2, count, dtype)
    meta = dict(config='a = 1\nb = "é"', classes=('bottle',), max_dets=[100])
    save_detections(path, found, meta, [1000000, 1000007, 5])
    store = load_detections(str(path))
    assert_equal(store.detections, found)
    assert store.image_ids.tolist() == [1000000, 1000007, 5]
    assert store.meta == {**meta, 'classes': ['bottle']}


def test_coco_boxes_and_their_corners_come_back(tmp_path):
    # x + w - x is not w here, in some row: both must come back as they were.
    truth, found = random_scene(0)
    found = Detections.from_coco(found, read_truth(truth))
    x1, _, x2, _ = found.boxes.T
    assert (x2 - x1 != found.xywh[:, 2]).any()
    both = Detections(
        found.image_ids,
        found.boxes + 0.1,
        found.scores,
        found.labels,
        found.xywh,
    )
    for item in (found, both):
        save_detections(tmp_path / 'found.npz', item)
        store = load_detections(tmp_path / 'found.npz')
        assert_equal(store.detections, item)
        assert store.image_ids is None and store.meta == {}


def test_nan_and_numbers_beyond_float32_are_kept(tmp_path):
    found = Detections(
        [1, 1],
        [[np.nan, 0, 1, 1], [0, 0, np.inf, 1e300]],
        [0.1, np.nan],
        [0, 0],
    )
    save_detections(tmp_path / 'found.npz', found)
    assert_equal(load_detections(tmp_path / 'found.npz').detections, found)


def test_a_fifth_of_the_json(tmp_path):
    found = dense(40, 260)
    save_detections(tmp_path / 'found.npz', found)
    # As CocoMetric writes them.
    items = [
        dict(image_id=image, bbox=box, score=score, category_id=label)
        for image, box, score, label in zip(
            found.image_ids.tolist(),
            found.xywh.tolist(),
            found.scores.tolist(),
            found.labels.tolist(),
        )
    ]
    (tmp_path / 'found.json').write_text(json.dumps(items))
    sizes = [
        os.path.getsize(tmp_path / name)
        for name in ('found.npz', 'found.json')
    ]
    assert sizes[0] <= sizes[1] / 5


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'found.npz'
    save_detections(path, dense(1, 5))

    def fail(file, **columns):
        file.write(b'half')
        raise OSError('disk is full')

    monkeypatch.setattr(np, 'savez_compressed', fail)
    with pytest.raises(OSError, match='disk is full'):
        save_detections(path, dense(1, 9))
    assert len(load_detections(path).detections) == 5
    assert os.listdir(tmp_path) == ['found.npz']


def test_others_may_read_the_file(tmp_path):
    save_detections(tmp_path / 'found.npz', dense(1, 1))
    assert (tmp_path / 'found.npz').stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 cut off', b'[]'])
def test_other_files(tmp_path, content):
    path = tmp_path / 'found.npz'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='must hold stored detections, but'):
        load_detections(path)


def test_other_arrays_and_pickles(tmp_path):
    path = tmp_path / 'found.npz'
    np.savez(path, format=np.array([{}], object))
    with pytest.raises(ValueError, match='must hold numbers, but h'):
        load_detections(path)
    np.savez(path, boxes=np.zeros((1, 4)))
    with pytest.raises(ValueError, match='cannot be read.*format'):
        load_detections(path)
    np.save(tmp_path / 'array.npy', np.zeros(3))
    with pytest.raises(ValueError, match='must hold stored detections'):
        load_detections(tmp_path / 'array.npy')


def test_a_cut_file(tmp_path):
    path = tmp_path / 'found.npz'
    save_detections(path, dense(1, 600))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(ValueError, match='must hold stored detections, but'):
        load_detections(path)


def test_a_later_format(tmp_path):
    np.savez(
        tmp_path / 'found.npz',
        format=np.array(99),
        meta=np.frombuffer(b'{}', np.uint8),
    )
    with pytest.raises(ValueError, match='99 is newer. Update dense_scene'):
        load_detections(tmp_path / 'found.npz')


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='must be a file, but'):
        load_detections(tmp_path / 'none.npz')


def test_another_ending(tmp_path):
    with pytest.raises(ValueError, match='end with .npz, but got .*found'):
        save_detections(tmp_path / 'found', dense(1, 1))
