"""Load checkpoints as data: tensors and plain values, never code.

``torch.load`` unpickles, and a pickle can run anything. torch >= 2.6 refuses
everything but tensors and plain values by default; that also refuses every
checkpoint that mmengine 0.10 wrote, because its message hub holds
``HistoryBuffer`` objects and NumPy scalars (open-mmlab/mmengine#1639).

:func:`load_from_file` passes ``weights_only=True``, allows what mmengine 0.10
writes (:mod:`.pickled_names`), and makes the config that a checkpoint holds
harmless (:mod:`.stored_config`).
"""

import os
import pickle
import re
from typing import Any

import torch

from ...utils.files import require_file
from .file_faults import find_fault
from .pickled_names import allowed_names, plain_values
from .stored_config import guard_configs


class CheckpointRefusedError(ValueError):
    """A checkpoint holds something other than data, or is damaged."""


# What follows load_from_ is the name of the backend in mmengine's log.
def load_from_file(
    filename: str | os.PathLike, map_location: Any = None
) -> dict:
    """Load a checkpoint file without running anything that is in it.

    ``map_location`` as in :func:`torch.load`.

    Raises:
        CheckpointRefusedError: If the file is no checkpoint, is damaged, or
            holds Python objects other than tensors, plain values and
            mmengine's log history.
    """
    filename = os.path.expanduser(os.fspath(filename))
    require_file(filename, 'checkpoint')
    if fault := find_fault(filename):
        raise CheckpointRefusedError(f'checkpoint {filename!r} {fault}')
    try:
        with torch.serialization.safe_globals(allowed_names()):
            loaded = torch.load(
                filename, map_location=map_location, weights_only=True
            )
        checkpoint = plain_values(loaded)
    except torch.cuda.OutOfMemoryError:
        raise
    except Exception as error:  # any kind, as the bytes are anyone's
        raise CheckpointRefusedError(
            f'checkpoint {filename!r} {_explain(error)}'
        ) from None
    if fault := _content_fault(checkpoint):
        raise CheckpointRefusedError(
            f'checkpoint {filename!r} must hold weights, but {fault}.'
        )
    guard_configs(checkpoint, filename)
    return checkpoint


def _explain(error: Exception) -> str:
    """What torch, or :mod:`.pickled_names`, did not take."""
    text = str(error)
    if named := re.search(r'GLOBAL (\S+)', text):
        what = named.group(1)
    elif isinstance(error, pickle.UnpicklingError):
        what = _told(text)
        if what == 'Unsupported operand 149':  # FRAME, in what is whole
            advice = 'Load it where it was made, and save it without that'
            return f'was saved with a pickle_protocol above 3. {advice}.'
        if what.startswith('Unsupported operand'):
            return f'is damaged: {what}. Copy or download it again.'
    else:
        what = f'{type(error).__name__}: {_told(text)}'
        return f'is damaged: {what}. Use an earlier one, or copy it again.'
    return (
        f'must hold tensors and plain values, but refers to {what}. Nothing '
        "in it was run. Ask its author for 'state_dict' and 'meta' alone."
    )


def _told(text: str) -> str:
    """One line, without torch's advice to trust the file."""
    boilerplate = ('Weights only load', 'Please file', 'Check the doc')
    lines = [line.strip() for line in text.splitlines()]
    told = [x for x in lines if x and not x.startswith(boilerplate)]
    line = told[0] if told else 'no reason is given'
    line = re.sub(r'^WeightsUnpickler error: ', '', line)
    return line.split('. ')[0].rstrip('.')[:200]


def _content_fault(checkpoint: Any) -> str | None:
    """What is wrong with the parts that mmengine takes out."""
    if not isinstance(checkpoint, dict):
        return f'holds a {type(checkpoint).__name__}'
    weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, dict) or not weights:
        return 'its state_dict is empty or no dict'
    other = [k for k, v in weights.items() if not torch.is_tensor(v)]
    if weights is checkpoint and len(other) == len(weights):
        return f'its keys are {", ".join(map(str, other))[:80]}'
    other = [key for key in other if not str(key).endswith('_extra_state')]
    if weights is not checkpoint and other:
        kind = type(weights[other[0]]).__name__
        return f'state_dict[{other[0]!r}] is of type {kind}'
    parts = dict(meta=checkpoint.get('meta', {}))
    if hub := checkpoint.get('message_hub'):
        parts['message_hub'] = hub
        keys = ('log_scalars', 'runtime_info', 'resumed_keys')
        parts.update((k, hub.get(k) if type(hub) is dict else 0) for k in keys)
    broken = [key for key, part in parts.items() if not isinstance(part, dict)]
    return f'its {broken[0]} is no dict' if broken else None
