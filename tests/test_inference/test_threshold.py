"""The score from which on detections count."""

import hashlib

import numpy as np
import pytest

from dense_scene.inference.threshold import (
    calibrate,
    read_threshold,
    save_threshold,
)


def test_the_score_of_least_error():
    """Two objects in the one image: above 0.3 there are two, above 0.5 one.

    Half way between 0.4, which counts, and 0.2, which does not, is 0.3.
    """
    scores = np.array([0.9, 0.4, 0.2])
    values = calibrate(np.zeros(3, int), scores, np.array([2]))
    assert values['score_thr'] == pytest.approx(0.3)
    assert (values['MAE'], values['MAE@0.5']) == (0, 1)


def test_it_is_kept_beside_the_weights(tmp_path):
    weights = tmp_path / 'epoch_5.pth'
    weights.write_bytes(b'one')
    assert read_threshold(weights) == (0.5, 'default, not calibrated')
    path = save_threshold(weights, dict(score_thr=0.3, ann_file='val.json'))
    assert path == tmp_path / 'epoch_5.counting.json'
    score, how = read_threshold(weights)
    assert score == 0.3 and 'val.json' in how and path.name in how
    assert read_threshold(weights, 0.7) == (0.7, 'given')


def test_that_of_other_weights_is_not_taken(tmp_path):
    weights = tmp_path / 'epoch_5.pth'
    weights.write_bytes(b'one')
    path = save_threshold(weights, dict(score_thr=0.3, ann_file='val.json'))
    weights.write_bytes(b'two')
    with pytest.raises(ValueError, match='other weights of that name'):
        read_threshold(weights)
    path.write_text('[]')
    with pytest.raises(ValueError, match='Run it again'):
        read_threshold(weights)
    with pytest.raises(ValueError, match='score_thr must be'):
        read_threshold(weights, 1.5)


def test_an_exported_model_has_that_of_its_checkpoint(tmp_path):
    weights, exported = tmp_path / 'a.pth', tmp_path / 'a.onnx'
    weights.write_bytes(b'one')
    exported.write_bytes(b'graph')
    values = dict(score_thr=0.3, ann_file='val.json')
    save_threshold(weights, values)
    digest = hashlib.sha256(b'one').hexdigest()
    assert read_threshold(exported, exported_from=digest)[0] == 0.3
    with pytest.raises(ValueError, match='other weights of that name'):
        read_threshold(exported, exported_from='that of another')
    save_threshold(exported, dict(values, score_thr=0.4), digest)
    for path in (weights, exported):
        assert read_threshold(path, exported_from=digest)[0] == 0.4
    assert read_threshold(weights)[0] == 0.4
