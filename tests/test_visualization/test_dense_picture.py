"""Pictures of hundreds of boxes."""

import numpy as np
import pytest

from dense_scene.testing import random_boxes, touching_row
from dense_scene.visualization.dense_picture import (
    PictureBoxes,
    draw_comparison,
    draw_dense,
)
from dense_scene.visualization.palette import (
    BLUE,
    ORANGE,
    PALETTE,
    PINK,
    YELLOW,
    to_rgb,
)

SIDE = 800


def gray(height=SIDE, width=SIDE):
    return np.full((height, width, 3), 90, np.uint8)


def boxes_of(corners, labels=0, scores=None):
    corners = np.reshape(corners, (-1, 4)).astype(float)
    labels = np.zeros(len(corners), int) + labels
    return PictureBoxes(corners, labels, scores)


def below_bar(picture):
    return picture[picture.shape[0] - SIDE :]


def colors_in(picture):
    packed = np.unique(picture.astype(int) @ [1 << 16, 1 << 8, 1])
    return {(n >> 16, n >> 8 & 255, n & 255) for n in packed.tolist()}


def test_only_lines_lie_on_objects():
    """Sides of 100 pixels: a line of 4, with a halo of 1 on either side."""
    image, box = gray(), [[100, 200, 200, 300]]
    picture = draw_dense(image, boxes_of(box), ('a', 'b'))
    assert picture.shape[0] > SIDE and picture.shape[1] == SIDE
    drawn = below_bar(picture)
    for x, y in ((100, 250), (200, 250), (150, 200), (150, 300)):
        assert tuple(drawn[y, x]) == to_rgb(BLUE)
    assert (drawn[206:295, 106:195] == 90).all()
    outside = np.ones((SIDE, SIDE), bool)
    outside[190:311, 90:211] = False
    assert (drawn[outside] == 90).all() and (image == 90).all()


def test_small_objects_have_thin_lines():
    """Sides of 10: one pixel; those of 200 get the thickest, about five."""
    found = boxes_of([[100, 100, 110, 110], [300, 300, 500, 500]])
    drawn = below_bar(draw_dense(gray(), found))
    blue = (drawn == to_rgb(BLUE)).all(-1)
    assert blue[105].sum() == 2 and 10 <= blue[400].sum() <= 14


def test_a_color_pales_with_the_score_and_sure_boxes_lie_above():
    """At score 0.5 remain 0.4 + 0.6 / 2 = 0.7 of the way from white."""
    scores, box = np.array([1.0, 0.5]), [[100, 100, 200, 200]]
    pale = tuple(round(255 + (c - 255) * 0.7) for c in to_rgb(BLUE))
    for order in ([0, 1], [1, 0]):
        both = boxes_of(np.array(box * 2), scores=scores[order])
        drawn = below_bar(draw_dense(gray(), both))
        assert colors_in(drawn) == {to_rgb(BLUE), (90, 90, 90), (255,) * 3}
    drawn = below_bar(draw_dense(gray(), boxes_of(box, 0, scores[1:])))
    assert pale in colors_in(drawn)


def test_classes_have_colors_and_a_legend():
    row = touching_row(3, (80, 80), (20, 20)).numpy()
    found = boxes_of(row, [0, 1, 1])
    picture = draw_dense(gray(), found, ('bottle', 'can', 'none'))
    wanted = {to_rgb(color) for color in PALETTE[:2]}
    assert wanted <= colors_in(below_bar(picture))
    bar = picture[: picture.shape[0] - SIDE]
    assert wanted <= colors_in(bar) and to_rgb(PALETTE[2]) not in colors_in(
        bar
    )


def test_given_colors_and_more_classes_than_a_legend_holds():
    colors = [(n, 1, 2) for n in range(40)]
    found = boxes_of(random_boxes(40, (SIDE, SIDE)).numpy(), np.arange(40))
    picture = draw_dense(gray(), found, None, colors)
    bar = colors_in(picture[: picture.shape[0] - SIDE])
    assert {(n, 1, 2) for n in range(12)} <= bar and (12, 1, 2) not in bar
    assert {(n, 1, 2) for n in range(30)} <= colors_in(picture)


@pytest.mark.parametrize('count', [0, 1, 600])
def test_any_number_of_boxes(count):
    corners = random_boxes(count, (SIDE, SIDE)).numpy()
    found = boxes_of(corners, scores=np.linspace(0, 1, count))
    picture = draw_dense(gray(), found, ('a',), note=' (score > 0.3)')
    assert (below_bar(picture) != 90).any() == (count > 0)
    assert draw_comparison(gray(), found, boxes_of(corners)).shape[1] == SIDE


@pytest.mark.parametrize('size', [(1, 1), (1, 5000), (5000, 1), (3, 900)])
def test_images_of_any_shape(size):
    found = boxes_of([[0, 0, 1, 1]], scores=np.array([0.5]))
    picture = draw_dense(gray(*size), found)
    assert max(picture.shape) <= max(2600, max(size) + 100)


def test_a_small_image_is_enlarged_with_its_boxes():
    """320 pixels: factor 2, so the edge x = 100 is drawn at 200."""
    picture = draw_dense(gray(320, 320), boxes_of([[100, 50, 150, 100]]))
    assert picture.shape[1] == 640
    assert tuple(picture[picture.shape[0] - 640 + 150, 200]) == to_rgb(BLUE)


def test_a_comparison_has_the_color_of_each_kind():
    objects = boxes_of(touching_row(4, (100, 100), (50, 50)).numpy())
    found = [[50, 50, 150, 150], [155, 50, 345, 150], [600, 600, 700, 700]]
    found = boxes_of(found, scores=np.array([0.9, 0.8, 0.7]))
    drawn = below_bar(draw_comparison(gray(), found, objects))
    hit, merged, missed, false = map(to_rgb, (BLUE, YELLOW, ORANGE, PINK))
    assert tuple(drawn[100, 50]) == hit
    assert tuple(drawn[50, 250]) == merged  # over the two in the middle
    assert tuple(drawn[100, 450]) == missed
    assert tuple(drawn[650, 600]) == false
