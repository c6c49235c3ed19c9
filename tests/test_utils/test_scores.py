"""Scores are compared as torch compares them in a model."""

import numpy as np
import pytest
import torch

from dense_scene.utils.scores import are_above, reach


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_a_score_equal_to_the_threshold(dtype):
    # Of the hundredths about half are rounded up to float32, half down.
    for value in np.arange(0, 101) / 100:
        score = np.array([value], np.float32).astype(dtype)
        assert not are_above(score, value).any()
        assert reach(score, value).all()


def test_torch_is_the_oracle():
    hundredths = np.arange(0, 101) / 100
    scores = np.float32(hundredths)
    scores = np.concatenate(
        [scores, np.nextafter(scores, 2), np.nextafter(scores, -1)]
    )
    for value in hundredths.tolist():
        model = torch.from_numpy(scores) > value
        assert are_above(scores.astype(float), value).tolist() == (
            model.tolist()
        )
        model = torch.from_numpy(scores) >= value
        assert reach(scores.astype(float), value).tolist() == model.tolist()


def test_nan_passes_no_threshold():
    assert not are_above(np.array([np.nan]), 0).any()
    assert not reach(np.array([np.nan]), 0).any()
    assert are_above(np.zeros(0), 0.5).shape == (0,)
