"""Checkpoints are whole, and replaced before they are removed."""

import os
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from ...utils.files import whole_file, write_text
from ..checkpoints.latest import POINTER

_BACKEND = 'dense_scene_whole_files'


class WholeFiles(LocalBackend):
    """mmengine's local files, each there as a whole or not at all."""

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        with whole_file(filepath) as part:
            part.write_bytes(obj)


register_backend(_BACKEND, WholeFiles, force=True)


class WholeCheckpointHook(CheckpointHook):
    """The part of :class:`ResumableCheckpointHook` that writes files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = self.backend_args or self.file_client_args
        if not given and '://' not in str(self.out_dir or ''):
            self.backend_args = dict(backend=_BACKEND)
        # The best checkpoints that a new one takes the place of, by key.
        self._replaced: dict[str, str] = {}

    def before_train(self, runner: Runner) -> None:
        """As the stock class; find the best one in a folder that moved."""
        super().before_train(runner)
        self._move_best(runner)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Have the old best removed after the new one is there."""
        if not self.save_best:
            return
        before = self._best()
        self._replaced = {k: path for k, path in before.items() if path}
        # What the stock class does not know, it does not remove.
        self._set_best(dict.fromkeys(before))
        try:
            super()._save_best_checkpoint(runner, metrics)
            self._remove_replaced()
        finally:
            after = self._best()
            self._set_best({k: after[k] or before[k] for k in before})

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        """As the stock class, with the oldest removed last."""
        self._remove_replaced()
        hub = runner.message_hub
        steps = [step]
        if self.max_keep_ckpts > 0:
            steps = [x for x in self.keep_ckpt_ids if x != step] + steps
            # With the one that goes, so that it also goes after a kill.
            hub.update_info('keep_ckpt_ids', steps)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            pointer = os.path.join(runner.work_dir, POINTER)
            write_text(pointer, [str(self.last_ckpt)])
        if self.max_keep_ckpts > 0:
            for old in steps[: -self.max_keep_ckpts]:
                name = self.filename_tmpl.format(old)
                self._remove(self.file_backend.join_path(self.out_dir, name))
            self.keep_ckpt_ids.clear()
            self.keep_ckpt_ids.extend(steps)
            hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))

    @property
    def _is_local(self) -> bool:
        return self.backend_args == dict(backend=_BACKEND)

    def _best(self) -> dict[str, str | None]:
        """Paths by key; '' if there is one key only."""
        if len(self.key_indicators) == 1:
            return {'': self.best_ckpt_path}
        return dict(self.best_ckpt_path_dict)

    def _set_best(self, paths: dict[str, str | None]) -> None:
        if len(self.key_indicators) == 1:
            self.best_ckpt_path = paths['']
        else:
            self.best_ckpt_path_dict.update(paths)

    def _move_best(self, runner: Runner) -> None:
        """Know the best by its place in this folder, if it was moved."""
        if not self.save_best or not self._is_local:
            return
        for key, path in self._best().items():
            here = Path(self.out_dir, os.path.basename(path or ''))
            if path and here.is_file() and str(here) != path:
                self._set_best({key: str(here)})
                name = f'best_ckpt_{key}' if key else 'best_ckpt'
                runner.message_hub.update_info(name, str(here))

    def _remove_replaced(self) -> None:
        for key, new in self._best().items() if self._replaced else ():
            old = self._replaced.get(key)
            if new and old:
                del self._replaced[key]
                if old != new:
                    self._remove(old)

    def _remove(self, path: str) -> None:
        """Remove a checkpoint of this folder, and of no other."""
        if not is_main_process():
            return
        folder = os.path.abspath(os.path.dirname(path))
        if self._is_local and folder != os.path.abspath(self.out_dir):
            return
        if self.file_backend.isfile(path):
            self.file_backend.remove(path)
        elif self.file_backend.isdir(path):  # of deepspeed
            self.file_backend.rmtree(path)
