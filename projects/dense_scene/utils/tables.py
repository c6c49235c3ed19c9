"""Tables of text."""

from collections.abc import Iterable, Sequence

from terminaltables import AsciiTable


def format_table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    title: str | None = None,
) -> str:
    """A table for terminals and logs; all columns but the first to the right.

    Args:
        head (Sequence): A name for each column.
        rows (Iterable[Sequence]): Cells; what is no text goes through
            :func:`str`, None is left blank.
        title (str, optional): Stands in the upper edge.
    """
    cells = [['' if c is None else str(c) for c in row] for row in rows]
    table = AsciiTable([[str(name) for name in head], *cells], title)
    table.justify_columns = dict.fromkeys(range(1, len(head)), 'right')
    return table.table
