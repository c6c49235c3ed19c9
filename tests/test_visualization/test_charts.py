"""Charts are whole, legible in light and dark, and the same each time."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from dense_scene.visualization.charts import draw_dots, draw_lines

LINES = {f'row {n}': ([1, 2, 3], [n, n + 1, n]) for n in range(8)}
DOTS = {'a': [0.1, np.nan], 'b': [0.1, 0.3]}


def charts():
    return {
        'lines': lambda: draw_lines(LINES, 'x', 'y < 1'),
        'marked': lambda: draw_lines(LINES, 'x', 'y', True),
        'dots': lambda: draw_dots(DOTS, ['one', 'two'], 'x'),
        'empty': lambda: draw_lines({}, 'x', 'y'),
    }


@pytest.mark.parametrize('name', charts())
def test_light_and_dark_differ_in_their_ink_alone(name):
    draw = charts()[name]
    light, dark = (picture.decode() for picture in draw())
    assert light != dark
    assert light.replace('#222223', '#e6e6e6') == dark
    root = ElementTree.fromstring(light)
    assert root.tag.endswith('svg')
    # 4.8 inches of 72 points: 10-point text is 10 pixels on a phone of 360.
    assert float(root.attrib['width'].removesuffix('pt')) < 360
    assert '#000000' not in light.replace('#00000000', '')
    assert draw()[0].decode() == light


def test_text_is_text_and_every_name_is_there():
    light = draw_lines(LINES, 'iteration', 'loss')[0].decode()
    texts = re.findall(r'<text[^>]*>([^<]*)</text>', light)
    assert {'iteration', 'loss', *LINES} <= set(texts)
    dots = draw_dots(DOTS, ['one', 'two'], 'share')[0].decode()
    texts = re.findall(r'<text[^>]*>([^<]*)</text>', dots)
    assert {'one', 'two', 'a', 'b', 'share'} <= set(texts)


def points(light, group):
    """(N, 2) of each path in groups of such a name, in an SVG."""
    paths = re.findall(rf'id="{group}">\s*<path d="([^"]*)"', light)
    pair = r'([\d.]+) ([\d.]+)'
    return [np.array(re.findall(pair, path), float) for path in paths]


@pytest.mark.parametrize('draw', [draw_lines, draw_dots])
def test_many_long_names_take_no_room_from_the_axes(draw):
    heights = []
    for count in (2, 12):
        names = [f'{number:40}' for number in range(count)]
        if draw is draw_lines:
            chart = draw_lines(dict.fromkeys(names, LINES['row 1']), 'x', 'y')
        else:  # twelve names in one category: 1.2 + 0.15 * 12 inches
            chart = draw_dots({n: [1] for n in names}, ['a'], 'x')
        heights.append(np.ptp(points(chart[0].decode(), 'patch_2')[0][:, 1]))
    assert heights[1] > 0.95 * heights[0]


def test_decades_are_as_far_apart():
    series = {'a': ([1, 2, 3], [1, 10, 100])}
    for log, ratio in ((True, 1), (False, 10)):
        light = draw_lines(series, 'x', 'y', log=log)[0].decode()
        line, *_ = (p for p in points(light, r'line2d_\d+') if len(p) == 3)
        rises = np.diff(line[:, 1])
        assert rises[1] / rises[0] == pytest.approx(ratio, rel=1e-3)
