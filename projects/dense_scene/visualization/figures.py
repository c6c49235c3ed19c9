"""What figures have in common: how they look, and how they are written."""

import os
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..utils import checks
from ..utils.files import whole_file

_ENDINGS = ('.png', '.svg', '.pdf')


def check_figure_path(path: str | os.PathLike) -> Path:
    """The path, if its ending is that of a figure; else a ValueError."""
    return checks.suffix('a figure', path, _ENDINGS)


def write_figure(figure: Figure, path: str | os.PathLike) -> Path:
    """Write a figure, not one of pyplot's, as its ending says.

    Args:
        figure (Figure): To be written.
        path (str | PathLike): ``.png``, ``.svg`` or ``.pdf``; returned. Its
            folder is made.
    """
    kind = checks.suffix('a figure', path, _ENDINGS).suffix[1:].lower()
    FigureCanvasAgg(figure)
    with whole_file(path) as part:
        figure.savefig(part, format=kind, dpi=200)
    return Path(path)


def tidy_axes(axes: Axes) -> None:
    """A faint grid, and no frame above and on the right."""
    axes.grid(alpha=0.3, lw=0.5)
    axes.spines[['top', 'right']].set_visible(False)


def legend_below(axes: Axes, offset: float, *args: Any, **kwargs: Any) -> None:
    """A small legend below the axes, ``offset`` of their height away."""
    axes.legend(
        *args,
        title_fontsize='small',
        fontsize='small',
        frameon=False,
        loc='upper center',
        bbox_to_anchor=(0.5, -offset),
        **kwargs,
    )
