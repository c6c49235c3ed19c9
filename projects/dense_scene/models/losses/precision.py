"""Number formats for losses."""

import torch
from torch import Tensor


def at_least_float32(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Bring tensors to their common dtype, float32 at the least.

    Box areas overflow float16 from 256 x 256 pixels on, and bfloat16 has
    three digits. Autocast lowers matrix products and convolutions only, so a
    loss made of elementwise operations stays in the precision chosen here.

    Args:
        tensors (Tensor): Any shapes; float16, bfloat16 and integers become
            float32, float64 stays as it is.

    Returns:
        tuple[Tensor, ...]: The same tensors, in one dtype. Gradients flow
        back to the originals.
    """
    dtype = torch.float32
    for tensor in tensors:
        dtype = torch.promote_types(dtype, tensor.dtype)
    return tuple(tensor.to(dtype) for tensor in tensors)
