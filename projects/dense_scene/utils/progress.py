"""One progress bar for what takes a while."""

from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar('Item')


def track_on_stderr(
    items: Iterable[Item],
    text: str,
    total: int | None = None,
    progress: bool = True,
) -> Iterable[Item]:
    """``items`` under a bar on a terminal's standard error, none elsewhere.

    None on a terminal either without ``progress``. rich would write a blank
    line into a log for every bar that it hides.
    """
    console = Console(stderr=True)
    return track(
        items,
        text,
        total,
        console=console,
        transient=True,
        disable=not (progress and console.is_terminal),
    )
