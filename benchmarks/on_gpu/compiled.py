"""Backbone and neck through torch.compile: what it brings, what it costs."""

import time

import torch

from .bench import Bench
from .detector import (
    batch_on_device,
    build,
    precision,
    prediction_step,
    training_step,
)
from .scenes import OBJECTS


def measure(bench: Bench) -> None:
    """Mixed precision, channels_last; compiled beside the same as it is."""
    for training in (False,) if bench.dry else (False, True):
        name = 'training step, 2 images' if training else 'prediction, 1 image'
        with bench.row(f'torch.compile, {name}'), precision(True):
            compare(bench, training, f'torch.compile, {name}')


def compare(bench: Bench, training: bool, name: str) -> None:
    """One row; the first call of the compiled model is its compilation."""
    count = 9 if bench.dry else OBJECTS[0]
    dtype = torch.half if bench.on_gpu else torch.bfloat16
    steps = []
    for with_compiler in (True, False):
        model = build(bench, 'baseline').train(training)
        data = batch_on_device(bench, model, 1 + training, count, True)
        if with_compiler:
            # Eager in the dry run: it only tries the code.
            backend = 'eager' if bench.dry else 'inductor'
            model.backbone.compile(backend=backend)
            model.neck.compile(backend=backend)
        if training:
            steps.append(training_step(bench, model, data, dtype))
        else:
            steps.append(prediction_step(model, data, dtype))
    start = time.monotonic()
    steps[0]()
    bench.compare(
        name,
        *steps,
        seconds=2.0,
        peer_is='the same without torch.compile',
        compilation_seconds=time.monotonic() - start,
    )
