"""The commands of a run, for one GPU or for many."""

import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import mmdet

from ...utils import checks
from ...utils.files import require_file


@dataclass(frozen=True)
class Launcher:
    """How train and test are called.

    Without a launcher the stock scripts run one after the other in a process;
    with one ``mim train`` and ``mim test`` get what it needs.

    Args:
        kind (str): 'none', 'pytorch' or 'slurm'. Defaults to 'none'.
        gpus (int): Of a run. Defaults to 1.
        gpus_per_node, cpus_per_task (int), partition, srun_args (str): As mim
            takes them; a partition is needed for slurm.
        train, test (Path, optional): Scripts instead of mmdet's.
    """

    kind: str = 'none'
    gpus: int = 1
    gpus_per_node: int = 8
    cpus_per_task: int = 2
    partition: str = ''
    srun_args: str = ''
    train: Path | None = None
    test: Path | None = None

    def __post_init__(self) -> None:
        checks.choice('launcher', self.kind, ('none', 'pytorch', 'slurm'))
        for name in ('gpus', 'gpus_per_node', 'cpus_per_task'):
            checks.positive_integer(name, getattr(self, name))
        if self.kind == 'none' and self.gpus > 1:
            raise ValueError(
                f'gpus must be 1 without a launcher, but got {self.gpus}. '
                'Take --launcher pytorch.'
            )
        if self.kind == 'slurm' and not self.partition:
            raise ValueError('slurm needs a partition. Give --partition.')

    def steps(self, config: Path, folder: Path) -> list[dict]:
        """Of ``stock_scripts.py``."""
        train, test = str(config), str(folder / 'test')
        resume = ['--work-dir', str(folder), '--resume']
        if self.kind == 'none':
            scripts = [self.train or _script('train.py')]
            scripts.append(self.test or _script('test.py'))
            found = [str(script) for script in scripts]
            last = [found[1], train, '{checkpoint}', '--work-dir', test]
            return [dict(argv=[found[0], train, *resume]), dict(argv=last)]
        mim = [sys.executable, '-m', 'mim']
        shared = ['--launcher', self.kind, '--gpus', str(self.gpus)]
        shared += ['--port', str(free_port())]
        if self.kind == 'slurm':
            shared += ['--gpus-per-node', str(self.gpus_per_node)]
            shared += ['--cpus-per-task', str(self.cpus_per_task)]
            shared += ['--partition', self.partition]
            if self.srun_args:
                shared += ['--srun-args', self.srun_args]
        found = [*mim, 'train', 'mmdet', train, *shared, *resume]
        last = [*mim, 'test', 'mmdet', train, '--checkpoint', '{checkpoint}']
        last += [*shared, '--work-dir', test]
        return [dict(argv=found, command=True), dict(argv=last, command=True)]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def _script(name: str) -> Path:
    """Where mim finds it."""
    path = Path(mmdet.__file__).parent / '.mim/tools' / name
    require_file(path, f"mmdet's {name}", 'Install mmdet from its wheel.')
    return path
