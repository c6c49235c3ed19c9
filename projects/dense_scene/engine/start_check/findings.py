"""What a check has found, a line each."""

from dataclasses import dataclass, field


@dataclass
class Findings:
    """Lines of what is wrong and of what only looks so.

    Attributes:
        errors (list[str]): What would make the run worthless.
        warnings (list[str]): What a user may have meant so.
    """

    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __iadd__(self, other: 'Findings') -> 'Findings':
        self.errors += other.errors
        self.warnings += other.warnings
        return self


def list_few(names: tuple | list, most: int = 8) -> str:
    """``'a', 'b', 'c'``, or the first of many and how many more there are."""
    shown = ', '.join(repr(name) for name in names[:most])
    return shown + f' and {len(names) - most} more' * (len(names) > most)
