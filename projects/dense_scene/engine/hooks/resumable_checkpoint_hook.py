"""A killed run loses nothing that was finished."""

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from mmdet.registry import HOOKS
from mmengine.dist import (
    broadcast_object_list,
    get_world_size,
    is_main_process,
)
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner

from ...utils.files import write_text
from ...utils.model_wrappers import peel
from .. import random_state
from ..checkpoints.fit import state_fault, weights_fault
from ..checkpoints.latest import mend_pointer
from ..checkpoints.loading import CheckpointRefusedError
from .whole_checkpoint_hook import WholeCheckpointHook


@HOOKS.register_module()
class ResumableCheckpointHook(WholeCheckpointHook):
    """mmengine's ``CheckpointHook``, for runs that may be killed at any time.

    Differs from it:

    - Files are written beside and renamed, ``last_checkpoint`` as well.
    - What is to be replaced (the best, the oldest of ``max_keep_ckpts``) is
      removed when the new file is there.
    - ``--resume`` goes on from the newest checkpoint that is whole, also in a
      folder that was moved, and says so.
    - An epoch that was saved and not validated is validated when the run goes
      on; ``last_validated`` in the work dir says how far that is.
    - The state of the random numbers is saved. Validation leaves it as it
      was. So a run of one process without workers that is resumed
      (``EpochBasedTrainLoop``) equals one that was not stopped to the bit.
      Workers that live on between epochs have a state of their own, which
      nobody can read; in a resumed run they begin another sequence than in
      the first epoch.
    - A checkpoint that does not fit the model is refused in a test and when a
      training is resumed; for ``load_from`` if nothing of it fits.

    Args:
        args, kwargs: Of ``CheckpointHook``. With ``backend_args`` or another
            place than a local folder, files are written as these say.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._loaded_state: Any = None
        self._training_state: dict | None = None

    def before_run(self, runner: Runner) -> None:
        """Choose the checkpoint that ``--resume`` goes on from."""
        if not _is_training(runner) or not runner._resume:
            return
        if runner._load_from is not None or not self._is_local:
            return
        result: list = [None]
        if is_main_process():
            where = runner.work_dir, self._folder(runner), self.filename_tmpl
            try:
                result[0] = mend_pointer(*where)
            except CheckpointRefusedError as error:
                result[0] = error
        broadcast_object_list(result)
        if isinstance(result[0], Exception):
            raise result[0] from None
        for line in result[0]:
            runner.logger.warning(line)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse what does not fit; keep what a resumed run needs."""
        model = peel(runner.model)[-1]  # which mmengine loads
        training = _is_training(runner)
        resuming = training and runner._resume
        weights = checkpoint.get('state_dict', checkpoint)
        fitting, fault = weights_fault(model, weights)
        if fault and (fitting == 0 or resuming or not training):
            raise CheckpointRefusedError(
                f"checkpoint must hold the weights of the config's model, but "
                f'{fault}. Give the checkpoint and the config of one run.'
            )
        if not resuming:
            return
        if fault := state_fault(checkpoint, runner.optim_wrapper):
            raise CheckpointRefusedError(
                f'checkpoint must be one to resume from, but {fault}. Start '
                'from its weights: load_from, without --resume.'
            )
        self._loaded_state = checkpoint.get('random_state')
        # The config of this run, not of the one before.
        info = checkpoint['message_hub'].get('runtime_info', {})
        info['cfg'] = runner.cfg.pretty_text

    def before_train(self, runner: Runner) -> None:
        """Set the random numbers, and validate what was not."""
        super().before_train(runner)
        if runner.iter == 0:
            if is_main_process():
                _progress(runner).unlink(missing_ok=True)
            return
        step = runner.epoch if self.by_epoch else runner.iter
        path = os.path.join(self.out_dir, self.filename_tmpl.format(step))
        if os.path.exists(path):
            # It is saved again if it turns out to be the best.
            self.last_ckpt = path
        self._continue_random(runner)
        if self._lacks_validation(runner):
            runner.logger.info(
                f'validating epoch {runner.epoch} (iteration {runner.iter}), '
                'which was saved and not validated.'
            )
            runner.val_loop.run()

    def before_val(self, runner: Runner) -> None:
        """Keep the random numbers of the training."""
        if _is_training(runner):
            self._training_state = random_state.capture()

    def after_val(self, runner: Runner) -> None:
        """Go on with the random numbers of the training."""
        if self._training_state is not None:
            random_state.restore(self._training_state)
            self._training_state = None

    def after_val_epoch(self, runner: Runner, metrics: dict) -> None:
        """Save a new best checkpoint, and note the validation."""
        if _is_training(runner):
            runner.message_hub.update_info('last_validated', runner.iter)
        super().after_val_epoch(runner, metrics)
        if _is_training(runner) and is_main_process():
            write_text(_progress(runner), [str(runner.iter)])

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the state of the random numbers."""
        state = self._training_state or random_state.capture()
        checkpoint['random_state'] = state

    def _folder(self, runner: Runner) -> Path:
        """Where the stock class puts the checkpoints, before it says so."""
        work_dir = Path(runner.work_dir)
        if self.out_dir is None or self.out_dir == runner.work_dir:
            return work_dir
        return Path(self.out_dir) / work_dir.name

    def _continue_random(self, runner: Runner) -> None:
        """Go on with the numbers of the run that was stopped."""
        state = self._loaded_state if get_world_size() == 1 else None
        if state is not None and not random_state.restore(state):
            runner.logger.warning(
                "the checkpoint's random_state cannot be used here; the run "
                'goes on with other random numbers.'
            )
        loader = runner.train_dataloader
        start = loader.worker_init_fn
        if loader.persistent_workers and isinstance(start, partial):
            # Their first epoch would be that of the run's first epoch again.
            seed = start.keywords.get('seed')
            if seed is not None:
                shifted = (seed + 7919 * runner.iter) % 2**31
                loader.worker_init_fn = partial(start, seed=shifted)

    def _lacks_validation(self, runner: Runner) -> bool:
        """Whether the loop would have validated now, and did not."""
        loop = runner.train_loop
        if runner.val_loop is None:
            return False
        step, last = loop.iter, loop.max_iters
        if isinstance(loop, EpochBasedTrainLoop):
            loop._decide_current_val_interval()
            step, last = loop.epoch, loop.max_epochs
        is_due = step % loop.val_interval == 0 or step == last
        done = runner.message_hub.runtime_info.get('last_validated', 0)
        with suppress(OSError, ValueError):
            done = max(done, int(_progress(runner).read_text()))
        # Of the first process, since others may not see its folder.
        lacks = [step >= loop.val_begin and is_due and done < runner.iter]
        broadcast_object_list(lacks)
        return lacks[0]


def _is_training(runner: Runner) -> bool:
    return isinstance(runner._train_loop, BaseLoop)


def _progress(runner: Runner) -> Path:
    return Path(runner.work_dir, 'last_validated')
