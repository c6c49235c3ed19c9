"""The plot of proposal quality shows its data, also when there is none."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from dense_scene.analysis.proposals.plot import plot_proposal_quality
from dense_scene.analysis.proposals.quality import (
    ProposalQuality,
    measure_proposals,
)
from dense_scene.testing import touching_row
from dense_scene.visualization.palette import PALETTE


def quality(num_stages, caps=(100, 2000)):
    row = touching_row(600).double().numpy()
    stages = [row + 4 - stage for stage in range(num_stages)]
    return measure_proposals(row, stages[0], stages, [0.5] * num_stages, caps)


def has_color(picture, color):
    rgb = np.rint(np.array(to_rgb(color)) * 255)
    return (np.abs(picture.astype(int) - rgb).max(axis=-1) <= 1).any()


@pytest.mark.parametrize('num_stages', [1, 2, 3])
def test_each_stage_has_its_color(num_stages):
    picture = plot_proposal_quality(quality(num_stages))
    assert picture.dtype == np.uint8
    assert picture.shape == (460, 1300, 3)
    # RGB, as mmengine wants it
    for stage, color in enumerate(PALETTE[:5]):
        assert has_color(picture, color) == (stage < num_stages)


def test_other_counts_give_another_picture():
    one = plot_proposal_quality(quality(2))
    same = plot_proposal_quality(ProposalQuality.total([quality(2)] * 2))
    assert np.array_equal(one, same)  # shares, not counts
    assert not np.array_equal(one, plot_proposal_quality(quality(2, (50,))))


def test_nothing_to_draw():
    none = np.zeros((0, 4))
    picture = plot_proposal_quality(
        measure_proposals(none, none, [none], [0.5], ())
    )
    assert has_color(picture, PALETTE[0])
