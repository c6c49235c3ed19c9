"""The grid-sensitive code."""

import math

import pytest
import torch
from mmdet.models.task_modules.coders import YOLOBBoxCoder

from dense_scene.models.coders import GridSensitiveCoder
from dense_scene.testing import random_boxes


def test_decoding_by_hand():
    """A cell from (8, 16) of stride 8, an anchor of 10 x 20 around its center.

    Sigmoids 0.5 and 1: 1.05 * 0.5 - 0.025 = 0.5 and 1.025 of a cell, so the
    center is (8 + 4, 16 + 8.2). Sides exp(log 2) * 10 and 20.
    """
    anchor = torch.tensor([[7.0, 10.0, 17.0, 30.0]])  # center (12, 20)
    code = torch.tensor([[0.5, 1.0, math.log(2), 0.0]])
    box = GridSensitiveCoder(1.05).decode(anchor, code, 8)
    expected = [12 - 10, 24.2 - 10, 12 + 10, 24.2 + 10]
    assert box[0].tolist() == pytest.approx(expected)


def test_both_borders_of_a_cell_are_in_reach():
    coder = GridSensitiveCoder(1.05)
    # sigmoid = 0.025 / 1.05 and (1 + 0.025) / 1.05
    reached = coder.offsets(torch.tensor([0.025 / 1.05, 1.025 / 1.05]))
    torch.testing.assert_close(reached, torch.tensor([0.0, 1.0]))


def test_without_scale_it_is_the_stock_code(generator):
    anchors = random_boxes(600, generator=generator)
    code = torch.rand(600, 4, generator=generator)
    strides = torch.full((600, 1), 16.0)
    ours = GridSensitiveCoder(1).decode(anchors, code, strides)
    assert torch.equal(ours, YOLOBBoxCoder().decode(anchors, code, strides))


def test_code_of_a_box_decodes_to_it():
    anchors = torch.tensor([[7.0, 10.0, 17.0, 30.0]]).double()
    box = torch.tensor([[9.0, 15.0, 14.0, 27.0]]).double()
    coder = GridSensitiveCoder(1.05)
    code = coder.encode(anchors, box, 8)
    # Invert the offset: what the sigmoid has to say
    code[:, :2] = (code[:, :2] + 0.025) / 1.05
    torch.testing.assert_close(coder.decode(anchors, code, 8), box)


def test_no_prediction_is_infinite():
    anchor = torch.tensor([[0.0, 0.0, 16.0, 16.0]])
    code = torch.tensor([[0.5, 0.5, 1e4, -1e4]])
    box = GridSensitiveCoder().decode(anchor, code, 8)
    assert (box[:, 2] - box[:, 0]).item() == pytest.approx(1000)
    assert (box[:, 3] - box[:, 1]).item() == 0


def test_a_scale_below_1_is_refused():
    with pytest.raises(ValueError, match='scale_x_y'):
        GridSensitiveCoder(0.9)
