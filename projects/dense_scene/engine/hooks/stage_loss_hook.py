"""Record every iteration's losses of each cascade stage."""

import json
import re
from pathlib import Path

import torch
from mmdet.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

# mmdet's CascadeRoIHead logs s0.loss_cls, s0.loss_bbox, s1.loss_cls, ...
_STAGE_LOSS = re.compile(r's\d+\.loss_\w+')


@HOOKS.register_module()
class StageLossHook(Hook):
    """Classification and localisation loss of each stage, raw: Fig. 6.

    Writes ``stage_losses.json`` to the log folder of the run, one line for
    an iteration, as mmengine's ``scalars.json`` has them::

        {"step": 1, "s0.loss_cls": 0.69, "s0.loss_bbox": 0.01, ...}

    ``s0`` is the first stage. The values are those that mmdet logs: times
    the loss weight and ``stage_loss_weights``, of the main process's batch.
    :mod:`dense_scene.ablation.runs.stage_loss_plot` draws them.

    Differs from the stock log, which writes the mean over
    ``log_processor.window_size`` iterations once every ``logger.interval``:
    this is every iteration, with no line more on the terminal.

    A resumed run has a log folder of its own, so that files are only added
    to; they are read as one, the later one from its first step on. Lines are
    written before every checkpoint: a killed run loses none that its last
    checkpoint needs. Values stay tensors until lines are written, so that a
    GPU is waited for once in ``flush_interval`` iterations.

    A model without stages is left alone; no file is made.

    Args:
        flush_interval (int): Iterations from one write to the next.
            Defaults to 50.

    Raises:
        ValueError: If it is not a whole number from 1 on.
    """

    def __init__(self, flush_interval: int = 50) -> None:
        if type(flush_interval) is not int or flush_interval < 1:
            raise ValueError(
                'flush_interval must be a whole number of iterations from 1 '
                f'on, but got {flush_interval!r}. Use for example 50.'
            )
        self.flush_interval = flush_interval
        self._rows: list[tuple[int, dict[str, Tensor]]] = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Keep the losses, without waiting for them."""
        if not is_main_process():
            return
        # What parse_losses logs still holds the graph: detach.
        losses = {
            key: torch.as_tensor(value).detach()
            for key, value in (outputs or {}).items()
            if _STAGE_LOSS.fullmatch(key)
        }
        if losses:
            self._rows.append((runner.iter + 1, losses))
        if len(self._rows) >= self.flush_interval:
            self._flush(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Have on disk what a resumed run will not repeat."""
        self._flush(runner)

    def after_train(self, runner: Runner) -> None:
        """Write the rest."""
        self._flush(runner)

    def _flush(self, runner: Runner) -> None:
        if not self._rows:
            return
        tensors = [v.float() for _, row in self._rows for v in row.values()]
        # One transfer for all of them.
        values = map(_seven_digits, torch.stack(tensors).tolist())
        lines = [
            json.dumps({'step': step, **{key: next(values) for key in row}})
            for step, row in self._rows
        ]
        self._rows = []
        path = Path(runner.log_dir) / 'stage_losses.json'
        with open(path, 'a', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')


def _seven_digits(value: float) -> float:
    """What a float32 holds; more would double the file."""
    return float(f'{value:.7g}')
