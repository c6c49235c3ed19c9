"""The precision in which the operators compute."""

import torch
from torch import Tensor


def compute_dtype(tensor: Tensor) -> torch.dtype:
    """float64 for float64, float32 for everything below it.

    fp16 and bf16 arrive under autocast: box coordinates and sums over many
    samples need the wider type, only the result is narrowed again.
    """
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32
