"""The losses of each cascade stage over training, out of a run's logs."""

import ast
import bisect
import dataclasses
import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

# The two losses of Fig. 6, as mmdet's BBoxHead names them.
LOSSES = ('loss_cls', 'loss_bbox')
_KEY = re.compile(r'(?:train/)?s(\d{1,2})\.(loss_cls|loss_bbox)')
# What one start of a run leaves in its folder, which is named after the time:
# every iteration, or means. The last one is seen from vis_data.
_RAW = 'stage_losses.json'
_LOGS = (_RAW, 'vis_data/scalars.json', 'scalars.json')


@dataclasses.dataclass(frozen=True, eq=False)
class StageLosses:
    """The losses of one run.

    Args:
        name (str): For the legend.
        steps (np.ndarray): (N,), int64, rising: iterations, from 1 on.
        values (np.ndarray): (N, S, 2), float64: classification and
            localisation loss of stage s, NaN where the log has none.
        every_iteration (bool): Whether every value is that of one iteration;
            else some are means over mmengine's logging window.
    """

    name: str
    steps: np.ndarray
    values: np.ndarray
    every_iteration: bool

    @property
    def num_stages(self) -> int:
        """S."""
        return self.values.shape[1]

    def divide(self, weights: list[float]) -> 'StageLosses':
        """Without the weight of each stage.

        Args:
            weights (list[float]): ``stage_loss_weights`` of the config.
        """
        if len(weights) != self.num_stages or min(weights) <= 0:
            raise ValueError(
                f'there must be {self.num_stages} stage weights above 0 for '
                f'{self.name}, but got {weights}. Give those of its config.'
            )
        values = self.values / np.asarray(weights)[:, None]
        return dataclasses.replace(self, values=values)


def read_stage_losses(
    path: str | os.PathLike, name: str | None = None
) -> StageLosses:
    """Read what ``StageLossHook`` wrote, or else mmengine's own log.

    A run that was resumed has several logs: a line replaces all earlier ones
    of its step and after. A last line that a crash cut short is left out,
    with a warning.

    Args:
        path (str | PathLike): A work folder, the folder of one start of the
            run in it, or a file of JSON lines.
        name (str, optional): Defaults to the name of the folder or file.

    Returns:
        StageLosses: The losses.

    Raises:
        FileNotFoundError: If there is no such file, or no log in the folder.
        ValueError: If a line is broken, or none has losses of stages.
    """
    path = Path(path)
    files, every_iteration = _find_logs(path)
    steps: list[int] = []
    rows: list[dict] = []
    for file in files:
        for step, row in _read_rows(file):
            # Rows rise but for a resumed run; this is O(1) where they do.
            if steps and step <= steps[-1]:
                keep = bisect.bisect_left(steps, step)
                del steps[keep:], rows[keep:]
            steps.append(step)
            rows.append(row)
    if not rows:
        raise ValueError(
            f'{path} must log losses of cascade stages (s0.loss_cls, '
            's0.loss_bbox, ...), but has none. Give the log of a Cascade '
            'R-CNN that trained longer than logger.interval.'
        )
    stages = 1 + max(stage for row in rows for stage, _ in row)
    values = np.full((len(rows), stages, len(LOSSES)), np.nan)
    for i, row in enumerate(rows):
        for (stage, loss), value in row.items():
            values[i, stage, LOSSES.index(loss)] = value
    return StageLosses(
        name or path.resolve().name, np.array(steps), values, every_iteration
    )


def read_stage_weights(path: str | os.PathLike) -> list[float]:
    """``stage_loss_weights`` of a run, from the config that mmengine dumps.

    The config is parsed, never run.

    Args:
        path (str | PathLike): As for :func:`read_stage_losses`.

    Raises:
        FileNotFoundError, ValueError: If it is not there.
    """
    log = _find_logs(Path(path))[0][-1]
    for name in ('config.py', 'vis_data/config.py'):
        config = log.parent / name
        if not config.is_file():
            continue
        try:
            weights = _stage_weights(config.read_text(encoding='utf-8'))
        except (SyntaxError, TypeError, ValueError) as error:
            raise ValueError(
                f'{config} must be a config as mmengine dumps it, with '
                f'numbers as stage_loss_weights, but: {error}. Correct it, '
                'or draw it without dividing by stage weights.'
            ) from error
        if weights is not None:
            return weights
    raise ValueError(
        f'the config of {path} must name stage_loss_weights, but there is '
        f'none beside {log}. Draw it without dividing by stage weights.'
    )


def _stage_weights(config: str) -> list[float] | None:
    for node in ast.walk(ast.parse(config)):
        if isinstance(node, ast.keyword) and node.arg == 'stage_loss_weights':
            return [float(x) for x in ast.literal_eval(node.value)]
    return None


def _find_logs(path: Path) -> tuple[list[Path], bool]:
    """Log files, the oldest first, and whether they have every iteration."""
    if path.is_file():
        return [path], path.name == _RAW
    if (own := _find_log(path)) is not None:
        return [own], own.name == _RAW
    starts = map(_find_log, sorted(path.glob('*/')))
    if found := [log for log in starts if log is not None]:
        return found, all(log.name == _RAW for log in found)
    wanted = 'stage_losses.json or vis_data/scalars.json'
    raise FileNotFoundError(
        f'{path} must be a log file, or a work folder with {wanted}, but '
        f'{"there is none in it" if path.is_dir() else "does not exist"}. '
        'Correct the path.'
    )


def _find_log(start: Path) -> Path | None:
    """The best log of one start."""
    logs = (start / name for name in _LOGS)
    return next((log for log in logs if log.is_file()), None)


def _read_rows(file: Path) -> Iterator[tuple[int, dict]]:
    """Step and {(stage, loss): value} of every line that has any."""
    text = file.read_text(encoding='utf-8', errors='replace')
    lines = [x for x in enumerate(text.splitlines(), 1) if x[1].strip()]
    for number, line in lines:
        try:
            row = json.loads(line)
            losses = {
                (int(match[1]), match[2]): float(value)
                for key, value in row.items()
                if (match := _KEY.fullmatch(key))
            }
            if losses:
                yield int(row['step']), losses
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            OverflowError,
        ) as error:
            if number == lines[-1][0]:
                print_log(
                    f'{file}: the last line is cut short and left out.',
                    logger='current',
                    level=logging.WARNING,
                )
                return
            raise ValueError(
                f'{file}, line {number} must be a JSON object with a step and '
                f'numbers, but is {line[:60]!r}. Correct or delete it.'
            ) from error
