"""torchvision's compiled kernels, where they can be had and are faster.

On CUDA its NMS and RoIAlign are fused kernels that no composition of torch
operations matches. On the CPU they are not used: torchvision's RoIAlign is
the scalar loop that mmcv has too, several times slower than ours, and its
NMS is the same loop as mmcv's, which is slower than ours
(benchmarks/mmcv_ops.py), and importing torchvision takes a second.
"""

from functools import cache
from typing import Any

import torch


def torchvision_kernels(device: torch.device) -> Any | None:
    """The namespace of torchvision's operators if they work on ``device``."""
    return _working_kernels(device.type) if device.type == 'cuda' else None


@cache
def _working_kernels(device_type: str) -> Any | None:
    # Tried once, at the first call and not at import: a torchvision that
    # does not match torch imports slowly, fails in many ways (ImportError,
    # OSError, RuntimeError, AttributeError) or lacks the CUDA kernels. None
    # of that may keep the portable operators from running.
    try:
        import torchvision  # noqa: F401

        box = torch.tensor([[0.0, 0.0, 1.0, 1.0]], device=device_type)
        torch.ops.torchvision.nms(box, box[:, 0], 0.5)
    except Exception:
        return None
    return torch.ops.torchvision
