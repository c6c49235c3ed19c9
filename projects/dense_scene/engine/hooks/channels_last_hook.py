"""The memory format in which a CPU convolves fastest."""

import torch
from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep a model on the CPU in ``torch.channels_last``.

    oneDNN reads it without a copy: docs/benchmarks.md has what it gains, with
    bfloat16 most of all. Values differ by rounding; shapes, names and
    checkpoints do not. A model on a GPU stays as it is, where the same was
    not faster.

    Example:
        >>> default_hooks = dict(memory=dict(type='ChannelsLastHook'))
    """

    def before_run(self, runner: Runner) -> None:
        """Before weights are loaded: they are copied into what is there."""
        kinds = {tensor.device.type for tensor in runner.model.parameters()}
        if kinds <= {'cpu'}:
            runner.model.to(memory_format=torch.channels_last)
