"""Finished images stay finished."""

import numpy as np
import pytest

from dense_scene.inference.record import (
    PredictionRecord,
    file_stamp,
    make_folder,
)
from dense_scene.testing import random_boxes
from dense_scene.visualization.dense_picture import PictureBoxes

SETTINGS = dict(weights='abc', tiles=None)


def boxes(count):
    scores = np.linspace(0.1, 0.9, count, dtype=np.float32)
    corners = random_boxes(count, (640, 480)).numpy()
    return PictureBoxes(corners, np.arange(count), scores)


@pytest.mark.parametrize('count', [0, 1, 600])
def test_boxes_come_back(tmp_path, count):
    path, found = tmp_path / 'a/record.jsonl', boxes(count)
    PredictionRecord(path, SETTINGS).add('ä.jpg', (640, 480), found, (1, 2))
    record = PredictionRecord(path, SETTINGS)
    assert 'ä.jpg' in record and record.has('ä.jpg', (1, 2))
    size, again = record['ä.jpg']
    assert size == (640, 480) and again.boxes.shape == (count, 4)
    np.testing.assert_allclose(again.boxes, found.boxes, atol=0.01)
    np.testing.assert_array_equal(again.labels, found.labels)
    # float32 scores to the bit: no threshold is crossed
    np.testing.assert_array_equal(
        again.scores.astype(np.float32), found.scores
    )


def test_a_changed_file_is_not_finished(tmp_path):
    (tmp_path / 'a.jpg').write_text('1')
    stamp = file_stamp(tmp_path / 'a.jpg')
    record = PredictionRecord(tmp_path / 'r', SETTINGS)
    record.add('a.jpg', (1, 1), boxes(0), stamp)
    assert record.has('a.jpg', stamp) and not record.has('b.jpg', stamp)
    (tmp_path / 'a.jpg').write_text('12')
    assert not record.has('a.jpg', file_stamp(tmp_path / 'a.jpg'))
    assert file_stamp(tmp_path / 'no.jpg') == (0, 0)


def test_a_line_that_was_cut_off_is_dropped(tmp_path):
    path = tmp_path / 'record.jsonl'
    record = PredictionRecord(path, SETTINGS)
    record.add('a.jpg', (1, 1), boxes(1), (1, 2))
    record.add('b.jpg', (1, 1), boxes(1), (1, 2))
    path.write_bytes(path.read_bytes()[:-20])
    record = PredictionRecord(path, SETTINGS)
    assert 'a.jpg' in record and 'b.jpg' not in record
    record.add('b.jpg', (1, 1), boxes(1), (1, 2))
    assert 'b.jpg' in PredictionRecord(path, SETTINGS)


def test_other_settings_and_other_files_are_refused(tmp_path):
    path = tmp_path / 'record.jsonl'
    PredictionRecord(path, SETTINGS)
    with pytest.raises(ValueError, match="same tiles, '2x2'.*None.*--out"):
        PredictionRecord(path, dict(SETTINGS, tiles='2x2'))
    for text in ('hello\n', '[]\n', '{}\n7\n'):
        path.write_text(text)
        with pytest.raises(ValueError, match=r'record.jsonl|same'):
            PredictionRecord(path, SETTINGS)


def test_the_folder_is_tried_before_the_work(tmp_path):
    make_folder(tmp_path / 'new')
    make_folder(tmp_path / 'new')
    assert list((tmp_path / 'new').iterdir()) == []
    (tmp_path / 'file').write_text('x')
    with pytest.raises(OSError):
        make_folder(tmp_path / 'file')
