"""One run: its folder, what it is made of, its process, its result."""

import json
import math
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...utils.files import write_text
from ..records.machine import utc_now
from ..records.record import RunRecord
from ..runs.progress import last_lines, read_length
from ..runs.scalars import read_scalars
from ..suites.resolve import ResolvedRow
from .launcher import Launcher
from .processes import start_process
from .stock_scripts import find_checkpoint


@dataclass(eq=False)
class Job:
    """A row with a seed.

    Args:
        resolved (ResolvedRow): The row.
        seed (int): Its seed.
        folder (Path): ``--work-dir`` of training.
        state (str): 'waiting', 'running', 'finished', 'failed', or 'skipped'
            if it was finished before.
    """

    resolved: ResolvedRow
    seed: int
    folder: Path
    state: str = 'waiting'
    device: str = ''
    attempts: int = 0
    resumed: bool = False
    reason: str = ''
    data: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen | None = None

    @property
    def name(self) -> str:
        """The row, and its seed."""
        return f'{self.resolved.row.name}, seed {self.seed}'

    @property
    def log(self) -> Path:
        """What its processes print, all attempts."""
        return self.folder / 'log.txt'

    @property
    def config(self) -> Path:
        """The config that the scripts get."""
        slug = self.resolved.row.slug
        return self.folder.parent / f'{slug}_{self.seed}.py'

    def check_identity(self) -> None:
        """ValueError if the folder is of another config."""
        path = self.folder / 'identity.json'
        if find_checkpoint(self.folder) is None or not path.is_file():
            return
        known = json.loads(path.read_text())
        if known['config_sha256'] != self.resolved.sha256:
            raise ValueError(
                f'{self.folder} must hold a checkpoint of the config of '
                f'{self.resolved.row.name!r}, but it is of another one, as '
                f'{known["config"]} or its options have changed since. Move '
                'it away, or take another --work-dir.'
            )

    def known_data(self) -> dict[str, str]:
        """What the data were when an interrupted run began."""
        path = self.folder / 'identity.json'
        if find_checkpoint(self.folder) is None or not path.is_file():
            return {}
        return json.loads(path.read_text())['data']

    def start(self, launcher: Launcher, env: dict[str, str]) -> None:
        """Begin, or go on from the last checkpoint."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _mend_pointer(self.folder)
        checkpoint = find_checkpoint(self.folder)
        self.resumed = self.resumed or checkpoint is not None
        shutil.rmtree(self.folder / 'test', ignore_errors=True)
        identity = dict(
            row=self.resolved.row.name,
            seed=self.seed,
            config=self.resolved.row.config,
            config_sha256=self.resolved.sha256,
            data=self.data,
        )
        write_text(self.folder / 'identity.json', [json.dumps(identity)])
        write_text(self.config, [self.resolved.text, *self._own_lines()])
        spec = dict(
            folder=str(self.folder),
            steps=launcher.steps(self.config, self.folder),
        )
        write_text(self.folder / 'steps.json', [json.dumps(spec)])
        self.attempts += 1
        self.process = start_process(
            [self.folder / 'steps.json'], self.log, env
        )
        self.state = 'running'

    def record(self, device: str, beside: int, facts: dict) -> RunRecord:
        """What there is to know after the process has ended."""
        usage = _read_json(self.folder / 'usage.json')
        failed = self.state == 'failed'
        parent = facts.pop('parent_sha256')
        return RunRecord(
            row=self.resolved.row.name,
            seed=self.seed,
            state=self.state,
            ended=utc_now(),
            config=self.resolved.row.config,
            config_sha256=self.resolved.sha256,
            parent_sha256=parent,
            data=self.data,
            metrics={} if failed else self.read_metrics(),
            seconds=round(usage.get('seconds', 0.0), 3),
            memory_mb=round(usage.get('memory_mb', 0.0)) or None,
            attempts=max(self.attempts, int(usage.get('attempts', 0))),
            resumed=self.resumed,
            device=device,
            jobs_per_device=beside,
            reason=self.reason,
            last_lines=last_lines(self.log) if failed else [],
            **_summarize_log(self.folder, None if failed else self.log),
            **facts,
        )

    def read_metrics(self) -> dict[str, float | str]:
        """What test.py wrote; ValueError if it wrote nothing."""
        found = sorted(self.folder.glob('test/*/*.json'))
        if not found:
            raise ValueError('test.py wrote no result')
        values = _read_json(found[-1])
        return {
            key: value
            for key, value in values.items()
            if isinstance(value, str)
            or (isinstance(value, (int, float)) and math.isfinite(value))
        }

    def _own_lines(self) -> Iterator[str]:
        """What differs from run to run, as lines of the config."""
        yield f"randomness = {{**randomness, 'seed': {self.seed}}}\n"
        metrics = self.resolved.cfg.get('test_evaluator')
        is_list = isinstance(metrics, list)
        for place, metric in enumerate(metrics if is_list else [metrics]):
            if metric and metric.get('type') == 'DenseCocoMetric':
                name = 'test_evaluator' + f'[{place}]' * is_list
                path = str(self.folder / 'detections.npz')
                yield f"{name}['detection_file'] = {path!r}\n"


def _mend_pointer(folder: Path) -> None:
    """Let ``last_checkpoint`` name a file that is there, or be gone.

    mmengine writes it behind the checkpoint, but not at once, and with the
    path that the folder had then.
    """
    pointer = folder / 'last_checkpoint'
    if not pointer.is_file():
        return
    target = folder / (Path(pointer.read_text().strip()).name or '-')
    if not target.is_file():
        numbered = [
            (int(path.stem.split('_')[1]), path)
            for kind in ('epoch', 'iter')
            for path in folder.glob(f'{kind}_[0-9]*.pth')
        ]
        if not numbered:
            pointer.unlink()
            return
        target = max(numbered)[1]
    write_text(pointer, [str(target)])


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def _summarize_log(folder: Path, whole: Path | None) -> dict[str, Any]:
    """Of a run; ``whole`` is the text log of one that came to its end."""
    try:
        lines = [line for line in read_scalars(folder) if 'loss' in line]
    except (OSError, ValueError):
        return {}
    times = sorted(line['time'] for line in lines if 'time' in line)
    memory = [line['memory'] for line in lines if 'memory' in line]
    last = max((line['step'] for line in lines), default=None)
    last = (whole and read_length(whole)) or last
    mean = sum(times) / len(times) if times else None
    return dict(
        iterations=last,
        training_seconds=mean and last and round(mean * last, 3),
        seconds_per_iteration=times[len(times) // 2] if times else None,
        gpu_memory_mb=max(memory, default=None),
    )
