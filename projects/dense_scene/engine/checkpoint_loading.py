"""Load checkpoints as data: tensors and plain values, never code.

``torch.load`` unpickles, and a pickle can run anything. torch >= 2.6 refuses
everything but tensors and plain values by default; that also refuses every
checkpoint that mmengine 0.10 wrote, because its message hub holds
``HistoryBuffer`` objects and NumPy scalars (open-mmlab/mmengine#1639). Older
torch, and ``torch.hub`` on any torch, still unpickle without restriction.

The loaders here are put in place through mmengine's own extension point,
``CheckpointLoader.register_scheme``. They always pass ``weights_only=True``
and allow exactly what mmengine 0.10 writes.
"""

import contextlib
import os
import pickle
import re
from typing import Any

import numpy as np
import torch
from mmengine.dist import barrier, get_rank
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader, get_torchvision_models

from ..utils.files import require_file

# The statistics that mmengine's HistoryBuffer pickles a reference to. Pickle
# writes them as getattr(HistoryBuffer, name).
_HISTORY_METHODS = ('min', 'max', 'current', 'mean')
# numpy's one-letter codes of the types a scalar or a history can have.
_DTYPES = '?bhilqBHILQefdUS'


class CheckpointRefusedError(ValueError):
    """A checkpoint holds something other than data, or is damaged."""


def _history_getattr(owner: Any, name: str) -> Any:
    """``getattr`` as far as a stock checkpoint needs it, and no further.

    The real ``getattr`` on an allowed object reaches ``__globals__`` and with
    it the whole interpreter.
    """
    if owner is HistoryBuffer and name in _HISTORY_METHODS:
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(f'getattr on {owner!r}')


def _allowed_globals() -> list:
    """What a stock mmengine 0.10 checkpoint refers to, by pickled name."""
    core = np._core if hasattr(np, '_core') else np.core
    allowed: list = [HistoryBuffer, np.dtype, np.ndarray]
    allowed += {type(np.dtype(code)) for code in _DTYPES}
    allowed.append((_history_getattr, 'builtins.getattr'))
    # numpy 1 writes numpy.core, numpy 2 numpy._core; each reads both.
    for package in ('numpy.core', 'numpy._core'):
        for name in ('_reconstruct', 'scalar'):
            function = getattr(core.multiarray, name)
            allowed.append((function, f'{package}.multiarray.{name}'))
    return allowed


def _safe_globals() -> contextlib.AbstractContextManager:
    """The allow-list as a context; empty before torch 2.5 had one."""
    if hasattr(torch.serialization, 'safe_globals'):
        return torch.serialization.safe_globals(_allowed_globals())
    return contextlib.nullcontext()


# What follows load_from_ is the name of the backend in mmengine's log.
def load_from_file(
    filename: str | os.PathLike, map_location: Any = None
) -> Any:
    """Load a checkpoint file without running anything that is in it.

    ``map_location`` as in :func:`torch.load`.

    Raises:
        CheckpointRefusedError: If the file holds Python objects other than
            tensors, plain values and mmengine's log history, or is damaged.
    """
    filename = os.path.expanduser(os.fspath(filename))
    require_file(filename, 'checkpoint')
    try:
        with _safe_globals():
            return torch.load(
                filename, map_location=map_location, weights_only=True
            )
    except pickle.UnpicklingError as error:
        raise CheckpointRefusedError(
            f'checkpoint {filename!r} must hold tensors and plain values, but '
            f'refers to {_culprit(error)}. Nothing in it was run. Ask its '
            "author for 'state_dict' alone."
        ) from None
    except (RuntimeError, EOFError, KeyError) as error:
        raise CheckpointRefusedError(
            f'checkpoint {filename!r} is damaged or cut short: '
            f'{_first_line(error)}. Use an earlier one, or copy it again.'
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error) else repr(error)


def _culprit(error: BaseException) -> str:
    """The name of what torch refused, out of its message of many lines."""
    named = re.search(r'GLOBAL (\S+)', str(error))
    if named:
        return named.group(1)
    boilerplate = ('Weights only load', 'Please file', 'Check the doc')
    lines = [line.strip() for line in str(error).splitlines()]
    told = [x for x in lines if x and not x.startswith(boilerplate)]
    return told[0] if told else _first_line(error)


def load_from_url(filename: str, map_location: Any = None) -> Any:
    """Download once (rank 0 first), then load as :func:`load_from_file`."""
    folder = os.path.join(torch.hub.get_dir(), 'checkpoints')
    target = os.path.join(folder, os.path.basename(filename.split('?')[0]))
    if get_rank() == 0 and not os.path.exists(target):
        os.makedirs(folder, exist_ok=True)
        # resnet101-63fe2227.pth: the name carries the start of its sha256.
        digest = re.search(r'-([0-9a-f]{8,})\.', os.path.basename(target))
        torch.hub.download_url_to_file(
            filename, target, hash_prefix=digest and digest.group(1)
        )
    barrier()
    return load_from_file(target, map_location)


def load_from_torchvision(filename: str, map_location: Any = None) -> Any:
    """Load ``torchvision://resnet101`` and the like, by torchvision's list."""
    name = filename.split('://', 1)[1]
    try:
        urls = get_torchvision_models()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{filename!r} needs torchvision. Install it, or train from '
            'scratch with model.backbone.init_cfg=None.'
        ) from error
    if name not in urls:
        raise ValueError(f'torchvision has no weights named {name!r}.')
    return load_from_url(urls[name], map_location)


def register_checkpoint_loaders() -> None:
    """Make mmengine load every checkpoint through this module."""
    register = CheckpointLoader.register_scheme
    register('', load_from_file, force=True)
    register(['http://', 'https://'], load_from_url, force=True)
    register(
        ['modelzoo://', 'torchvision://'], load_from_torchvision, force=True
    )
