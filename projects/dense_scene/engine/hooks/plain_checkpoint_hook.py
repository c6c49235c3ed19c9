"""Keep our checkpoints loadable with ``weights_only=True``."""

import logging
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer, print_log
from mmengine.runner import Runner

from ..checkpoints.loading import CheckpointRefusedError

_HISTORY = 'HistoryBuffer'
_PLAIN = (bool, int, float, str, bytes, type(None))


@HOOKS.register_module()
class PlainCheckpointHook(Hook):
    """Write tensors and plain values only; read them back on resume.

    mmengine 0.10 saves its log history as ``HistoryBuffer`` objects, so that
    its own ``torch.load`` refuses the file on torch >= 2.6. This hook turns
    the histories, NumPy scalars and config dicts of a checkpoint into tensors
    and built-in types just before it is written, and the histories back into
    ``HistoryBuffer`` after it was read. ``state_dict`` is left as it is. The
    file then loads anywhere, also where this package is not installed; stock
    mmengine resumes from it, without the log history.

    Differs from stock mmengine: only the representation in the file.
    """

    # After every other hook has put its part into the checkpoint.
    priority = 'LOWEST'

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Replace, in place, what is not a tensor or a plain value."""
        for key, value in checkpoint.items():
            if key == 'param_schedulers':
                value = without_functions(value)
            if key != 'state_dict':
                checkpoint[key] = to_plain(value, key)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Turn plain histories back into ``HistoryBuffer`` objects."""
        hub = checkpoint.get('message_hub')
        if not isinstance(hub, dict):
            return
        scalars = hub.get('log_scalars', {})
        for key, value in scalars.items():
            if isinstance(value, dict) and value.get('kind') == _HISTORY:
                scalars[key] = history_from_plain(value)


def to_plain(value: Any, path: str = '') -> Any:
    """Copy ``value`` with only tensors, containers and built-in scalars.

    Arrays become tensors, mappings dict, histories dicts of two tensors. An
    object without such a form becomes its ``repr``, with a warning that names
    its ``path``: a finished epoch is never lost over it.
    """
    if isinstance(value, torch.Tensor) or type(value) in _PLAIN:
        return value
    if isinstance(value, HistoryBuffer):
        return history_to_plain(value)
    if isinstance(value, np.generic):
        return to_plain(value.item(), path)
    if isinstance(value, np.ndarray) and value.dtype.kind in 'biuf':
        return torch.from_numpy(np.array(value))
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist(), path)
    if isinstance(value, dict):
        kind = OrderedDict if isinstance(value, OrderedDict) else dict
        return kind(
            (to_plain(k, path), to_plain(v, f'{path}.{k}'))
            for k, v in value.items()
        )
    if isinstance(value, (list, tuple, set, frozenset)):
        kind = tuple if isinstance(value, tuple) else list
        return kind(to_plain(v, f'{path}[]') for v in value)
    print_log(
        f'checkpoint entry {path!r} of type {type(value).__name__} has no '
        'plain form; its text is saved instead.',
        logger='current',
        level=logging.WARNING,
    )
    return repr(value)


def without_functions(state: Any) -> Any:
    """The state of schedulers without what the config gives them again.

    ``OneCycleLR`` keeps the function of its curve, whose text would take the
    function's place in a resumed run.
    """
    if isinstance(state, dict):
        return {
            key: without_functions(value)
            for key, value in state.items()
            if not callable(value)
        }
    if isinstance(state, list):
        return [without_functions(item) for item in state]
    return state


def history_to_plain(history: HistoryBuffer) -> dict:
    """A log history as two tensors."""
    values, counts = history.data
    return dict(
        kind=_HISTORY,
        values=torch.from_numpy(np.asarray(values, dtype=np.float64)),
        counts=torch.from_numpy(np.asarray(counts, dtype=np.int64)),
        max_length=int(history.max_length),
    )


def history_from_plain(plain: dict) -> HistoryBuffer:
    """The inverse of :func:`history_to_plain`."""
    try:
        values, counts = plain['values'], plain['counts']
        parts = values.cpu().numpy(), counts.cpu().numpy()
        return HistoryBuffer(*parts, max_length=int(plain['max_length']))
    except (KeyError, AttributeError, TypeError, ValueError, AssertionError):
        raise CheckpointRefusedError(
            'checkpoint must hold the histories that PlainCheckpointHook '
            'wrote, but one is damaged. Use an earlier checkpoint.'
        ) from None
