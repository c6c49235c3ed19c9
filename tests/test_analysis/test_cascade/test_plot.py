"""The figure of the cascade study holds the numbers of its rows."""

import cv2
import numpy as np
import pytest

from dense_scene.analysis.cascade.plot import (
    draw_cascade_study,
    plot_cascade_study,
)
from dense_scene.analysis.cascade.report import summarize_cascade
from dense_scene.analysis.cascade.study import CascadeStudy
from dense_scene.testing import touching_row


def study(num_stages=2, densities=(2, 5, 9)):
    """Rows of touching objects, whose boxes get better by each stage."""
    parts = []
    for count in densities:
        row = touching_row(count).double().numpy()
        boxes = [row + shift for shift in range(num_stages, -1, -1)]
        parts.append(
            CascadeStudy.of_image(boxes, row, [0.5, 0.6, 0.7][:num_stages])
        )
    return CascadeStudy.concatenate(parts)


def axes_of(figure):
    return [axes for part in figure.subfigs for axes in part.axes]


@pytest.mark.parametrize('num_stages', [1, 2, 3])
@pytest.mark.parametrize('by', ['objects', 'neighbours'])
def test_panels_hold_the_rows(num_stages, by):
    one = study(num_stages)
    rows = summarize_cascade(one, by)
    figure = plot_cascade_study(one, by)
    *stages, quartiles, shares, moved = axes_of(figure)
    assert len(stages) == num_stages
    for stage, axes in enumerate(stages):
        assert axes.get_title() == f'stage {stage + 1}'
        before, after = axes.patches
        for patch, end in ((before, 'entering'), (after, 'leaving')):
            histogram = np.array(rows[stage][f'{end}_histogram'])
            drawn = patch.get_data().values
            assert np.array_equal(drawn, histogram / histogram.sum())
        assert axes.lines[0].get_xdata()[0] == [0.5, 0.6, 0.7][stage]

    groups = [
        rows[i : i + num_stages]
        for i in range(num_stages, len(rows), num_stages)
    ]
    assert len(groups) == {'objects': 3, 'neighbours': 2}[by]
    for bars, group in zip(quartiles.containers, groups, strict=True):
        expected = [group[0]['entering_q50']]
        expected += [row['leaving_q50'] for row in group]
        assert bars.lines[0].get_ydata().tolist() == expected
        ends = bars.lines[2][0].get_segments()
        assert ends[0][:, 1] == pytest.approx(
            [group[0]['entering_q25'], group[0]['entering_q75']]
        )
    for number, mark in enumerate((0.5, 0.6, 0.7, 0.75)):
        before, after = shares.lines[2 * number : 2 * number + 2]
        assert before.get_ydata().tolist() == [
            group[0][f'entering_from_{mark}'] for group in groups
        ]
        assert after.get_ydata().tolist() == [
            group[-1][f'leaving_from_{mark}'] for group in groups
        ]
    for stage, line in enumerate(moved.lines):
        assert line.get_ydata().tolist() == [
            group[stage]['moved'] for group in groups
        ]
    ticks = [tick.get_text() for tick in moved.get_xticklabels()]
    ticks = [tick.replace('\n', ' ') for tick in ticks]
    assert ticks == [group[0]['group'] for group in groups]


def test_the_figure_alone_is_written(tmp_path):
    draw_cascade_study(study(), tmp_path / 'new/study.png')
    assert cv2.imread(str(tmp_path / 'new/study.png')).std() > 1
    assert len(list((tmp_path / 'new').iterdir())) == 1


def test_nothing_followed(tmp_path):
    none = np.zeros((0, 4))
    empty = CascadeStudy.of_image([none, none], none, [0.5])
    with pytest.raises(ValueError, match='no box was followed'):
        draw_cascade_study(empty, tmp_path / 'x.png')
    assert not list(tmp_path.iterdir())
