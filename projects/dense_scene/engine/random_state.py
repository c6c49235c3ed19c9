"""The state of the random numbers of this process, as plain values."""

import random
from typing import Any

import numpy as np
import torch


def capture() -> dict:
    """Of Python, NumPy and torch, with tensors and plain values only."""
    _, keys, *rest = np.random.get_state()
    state = dict(
        python=random.getstate(),
        numpy=(torch.from_numpy(keys.astype(np.int64)), *rest),
        torch=torch.get_rng_state(),
    )
    if torch.cuda.is_available():
        state['cuda'] = torch.cuda.get_rng_state_all()
    return state


def restore(state: Any) -> bool:
    """Set what :func:`capture` gave; False, and nothing, if it is another."""
    before = capture()
    try:
        keys, position, has_gauss, gauss = state['numpy']
        keys = keys.cpu().numpy()
        # NumPy does not check these, and reads at the position.
        fits = keys.shape == (624,) and 0 <= int(position) <= 624
        if not fits or keys.min() < 0 or keys.max() >= 2**32:
            return False
        version, numbers, last = state['python']
        random.setstate((version, tuple(numbers), last))
        words = keys.astype(np.uint32)
        np.random.set_state(('MT19937', words, position, has_gauss, gauss))
        torch.set_rng_state(state['torch'].cpu())
        cuda = [part.cpu() for part in state.get('cuda', ())]
        if (
            torch.cuda.is_available()
            and len(cuda) == torch.cuda.device_count()
        ):
            torch.cuda.set_rng_state_all(cuda)
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError):
        if state is not before:
            restore(before)
        return False
    return True
