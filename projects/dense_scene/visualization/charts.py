"""Charts for pages: narrow enough for a phone, in light and dark."""

import io
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from .figures import tidy_axes
from .palette import nth_color

Themed = tuple[bytes, bytes]
# A second round of colors is dashed and has other markers, a third dotted.
_LINES, _MARKERS = ('-', '--', ':'), ('o', 's', '^')
_COLORS = 6
_LINE = 0.19  # of names, in inches
# Ink of the light chart, and what the dark one has in its place.
_INK, _PALE = '#222223', '#e6e6e6'


def draw_lines(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    ylabel: str,
    markers: bool = False,
    log: bool = False,
) -> Themed:
    """A line for each name: its x and y values; ``log``: y is logarithmic."""
    figure, axes = _panel(xlabel, ylabel)
    if log:
        axes.set_yscale('log')
    for number, (name, (x, y)) in enumerate(series.items()):
        look = _look(number)
        if not markers:
            look['marker'] = ''
        axes.plot(x, y, label=name, lw=1.6, ms=5, **look)
    return _finish(figure, axes, len(series))


def draw_dots(
    series: Mapping[str, Sequence[float]],
    categories: Sequence[str],
    xlabel: str,
) -> Themed:
    """A line of dots for each category, one dot for each name in it.

    NaN has no dot. Dots of one category stand a little below each other, so
    that equal ones stay visible.
    """
    height = 1.2 + 0.15 * len(categories) * max(2, len(series))
    figure, axes = _panel(xlabel, '', height)
    places = np.arange(len(categories), dtype=float)
    for number, (name, values) in enumerate(series.items()):
        shift = 0.6 * (number + 0.5) / len(series) - 0.3
        look = _look(number) | dict(ls='')
        axes.plot(values, places + shift, label=name, ms=6, **look)
    axes.set_yticks(places, categories)
    axes.set_ylim(len(categories) - 0.5, -0.5)
    for place in places[1:]:
        axes.axhline(place - 0.5, color=_INK, alpha=0.25, lw=0.6)
    return _finish(figure, axes, len(series))


def _panel(
    xlabel: str, ylabel: str, height: float = 3.2
) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.8, height), layout='constrained')
    figure.patch.set_alpha(0)
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    tidy_axes(axes)
    axes.set_xlabel(xlabel, color=_INK)
    axes.set_ylabel(ylabel, color=_INK)
    axes.tick_params(color=_INK, labelcolor=_INK)
    for spine in axes.spines.values():
        spine.set_color(_INK)
    return figure, axes


def _look(number: int) -> dict:
    turn = number // _COLORS % len(_LINES)
    return dict(
        color=nth_color(number), ls=_LINES[turn], marker=_MARKERS[turn]
    )


def _finish(figure: Figure, axes: Axes, count: int) -> Themed:
    names = [len(text) for text in axes.get_legend_handles_labels()[1]]
    if count:
        # A name of n letters is about 0.6 + 0.08 n inches wide.
        room = figure.get_figwidth() / (0.6 + 0.08 * max(names))
        columns = max(1, min(count, int(room)))
        # Two lines of names fit; more must not take their room from the axes.
        lines = max(0, -(-count // columns) - 2)
        figure.set_figheight(figure.get_figheight() + _LINE * lines)
        figure.legend(
            loc='outside lower center',
            ncols=columns,
            frameon=False,
            fontsize='small',
            labelcolor=_INK,
        )
    FigureCanvasSVG(figure)
    out = io.StringIO()
    # Text stays text: smaller, and read aloud. No date: the same each time.
    with matplotlib.rc_context(
        {'svg.fonttype': 'none', 'svg.hashsalt': 'chart'}
    ):
        figure.savefig(out, format='svg', metadata={'Date': None})
    light = out.getvalue()
    return light.encode(), light.replace(_INK, _PALE).encode()
