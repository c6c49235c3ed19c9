"""Write a figure whole or not at all."""

import os
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..utils.files import whole_file

FIGURE_ENDINGS = ('.png', '.svg', '.pdf')


def check_figure_path(path: str | os.PathLike) -> Path:
    """The path, if its ending is that of a figure.

    Raises:
        ValueError: If it is not.
    """
    path = Path(path)
    if path.suffix.lower() not in FIGURE_ENDINGS:
        raise ValueError(
            f'a figure must end with {", ".join(FIGURE_ENDINGS)}, but got '
            f'{str(path)!r}. Rename it.'
        )
    return path


def write_figure(figure: Figure, path: str | os.PathLike) -> Path:
    """Write a figure as its ending says; its folder is made.

    Args:
        figure (Figure): Not one of pyplot's.
        path (str | PathLike): ``.png``, ``.svg`` or ``.pdf``.

    Returns:
        Path: The file.

    Raises:
        ValueError: If it has another ending.
    """
    path = check_figure_path(path)
    FigureCanvasAgg(figure)
    kind = path.suffix.lower()[1:]
    with whole_file(path) as part:
        figure.savefig(part, format=kind, dpi=200)
    return path
