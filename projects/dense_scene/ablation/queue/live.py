"""What a person sees of a running suite."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ..runs.progress import Progress, read_progress
from .job import Job

_STYLES = dict(running='bold', finished='green', skipped='green', failed='red')
_COLUMNS = ('run', 'state', 'epoch', 'ETA', 'loss', 'AP@300', 'MB')


class LiveView:
    """A table that is drawn again and again, or lines without a terminal."""

    def __init__(self, jobs: Sequence[Job], console: Console) -> None:
        self._jobs, self._console = jobs, console
        self._live = Live(
            console=console, get_renderable=self._table, refresh_per_second=1
        )

    def __enter__(self) -> 'LiveView':
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def tell(self, job: Job) -> None:
        """A run has begun or ended."""
        if self._console.is_terminal:
            return
        done = sum(j.state in ('finished', 'skipped') for j in self._jobs)
        text = f'[{done}/{len(self._jobs)}] {job.name}: {job.state}'
        if job.state == 'running':
            text += f' on {job.device}' + ', resumed' * job.resumed
        elif job.state == 'finished':
            text += f', AP@300 {read_progress(job.log).ap or "-"}'
        elif job.reason:
            text += f', {job.reason}'
        self._console.print(text, markup=False, highlight=False)

    def _table(self) -> Table:
        """What runs and failed, and counts of the rest."""
        states = Counter(job.state for job in self._jobs)
        title = ', '.join(f'{n} {state}' for state, n in states.items())
        table = Table(title=title)
        for name in _COLUMNS:
            right = name in _COLUMNS[3:]
            table.add_column(name, justify='right' if right else 'left')
        room = max(4, self._console.height - 8)
        shown = [j for j in self._jobs if j.state in ('running', 'failed')]
        done = [j for j in self._jobs if j.state == 'finished']
        for job in [*shown, *done[::-1]][:room]:
            at = Progress()
            if job.state in ('running', 'finished'):
                at = read_progress(job.log)
            where = f'{at.phase} {at.epoch} {at.step}'.strip()
            state = job.state + f' on {job.device}' * (job.state == 'running')
            table.add_row(
                Text(job.name),
                Text(job.reason or state, _STYLES.get(job.state, '')),
                where.replace('  ', ' '),
                at.eta,
                at.loss,
                at.ap,
                at.memory,
            )
        return table
