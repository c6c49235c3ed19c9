"""How much a command may do at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...utils import checks

_WAIT = 0.2


@dataclass(frozen=True)
class Limits:
    """How many at a time, how often, how long.

    Args:
        devices (Sequence[str], optional): Of :func:`find_devices`.
        rows (Sequence[str], optional): Names. Defaults to None: all.
        jobs_per_device (int): Runs beside each other. Defaults to 1.
        retries (int): Of a failed run. Defaults to 0.
        restart (bool): Whether an interrupted run begins anew instead of
            going on. Defaults to False.
        seconds (float): After which all is stopped. Defaults to inf.
        wait (float): Seconds from one look at the processes to the next.
    """

    devices: Sequence[str] | None = None
    rows: Sequence[str] | None = None
    jobs_per_device: int = 1
    retries: int = 0
    restart: bool = False
    seconds: float = float('inf')
    wait: float = _WAIT

    def __post_init__(self) -> None:
        checks.positive_integer('jobs_per_device', self.jobs_per_device)
        checks.integer('retries', self.retries, 0)
        checks.number('time_limit', self.seconds, '(0, inf]')
