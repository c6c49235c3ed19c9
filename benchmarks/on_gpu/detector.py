"""Cascade R-CNN R101 at 1333 x 800: training step, prediction, memory.

Weights are random, so proposals are spread over the image; a trained RPN
gives fewer clusters to NMS, and the convolutions cost the same.
"""

from contextlib import contextmanager

import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from torch import nn

import dense_scene  # noqa: F401  registers the classes

from .bench import Bench, Step
from .paths import ROOT
from .scenes import OBJECTS, make_batch

LARGE = 'configs/cascade_rcnn/cascade-rcnn_r101_{}_1xb2-6e_sku110k-sub.py'
SMALL = 'configs/nuclei/cascade-rcnn_r18-scratch_{}_1xb4-3e_nuclei.py'
ROWS = {'baseline': 'fpn', 'dense sampling': 'fpn_dense-proposal'}
# Name, type under autocast, TensorFloat-32 and channels_last.
MODES = (
    ('fp32', None, False, False),
    ('tf32', None, True, False),
    ('amp fp16', torch.half, True, False),
    ('amp bf16', torch.bfloat16, True, False),
    ('amp fp16 channels_last', torch.half, True, True),
)


def measure(bench: Bench) -> None:
    """All modes with the baseline, then memory, then the other row."""
    for mode in MODES[-1:] if bench.dry else MODES:
        with bench.row(f'baseline, {mode[0]}'):
            train_and_predict(bench, 'baseline', mode)
    for count in (9,) if bench.dry else OBJECTS:
        with bench.row(f'memory of training, {count} objects'):
            train_with_both(bench, count)
    with bench.row('dense sampling'):
        for mode in () if bench.dry else MODES[::4]:
            train_and_predict(bench, 'dense sampling', mode)


def build(bench: Bench, row: str, stock: bool = False) -> nn.Module:
    """The model of a row, or the same with mmdet's assigner."""
    name = (SMALL if bench.dry else LARGE).format(ROWS[row])
    config = Config.fromfile(ROOT / name).model
    config.backbone.init_cfg = None  # no network
    if stock:
        rules = [config.train_cfg.rpn, *config.train_cfg.rcnn]
        for rule in rules:
            rule.assigner.type = 'MaxIoUAssigner'
    torch.manual_seed(0)
    model = MODELS.build(config).to(bench.device)
    calibrate(model, 64 if bench.dry else 512)
    return model


@torch.no_grad()
def calibrate(model: nn.Module, side: int) -> None:
    """Give frozen batch normalization the statistics of noise.

    With those that a new layer has, 0 and 1, values double from block to
    block, and 101 layers leave the range of fp16.
    """
    for layer in model.backbone.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.train()
            layer.momentum = 1.0
    device = next(model.parameters()).device
    model.backbone(torch.randn(2, 3, side, side, device=device))


@contextmanager
def precision(allow_tf32: bool):
    """TensorFloat-32 in products and convolutions, or not."""
    flags = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [flag.allow_tf32 for flag in flags]
    for flag in flags:
        flag.allow_tf32 = allow_tf32
    try:
        yield
    finally:
        for flag, value in zip(flags, before):
            flag.allow_tf32 = value


def batch_on_device(
    bench: Bench, model: nn.Module, num: int, count: int, channels_last: bool
) -> dict:
    """Images and samples as the model takes them."""
    size = {'size': (96, 128)} if bench.dry else {}
    data = make_batch(num, count, **size)
    data = model.data_preprocessor(data, training=model.training)
    if channels_last:
        model.to(memory_format=torch.channels_last)
        data['inputs'] = data['inputs'].contiguous(
            memory_format=torch.channels_last
        )
    return data


def training_step(
    bench: Bench, model: nn.Module, data: dict, dtype: torch.dtype | None
) -> Step:
    """Forward, backward and optimizer, as mmengine does it."""
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
    if dtype is None or not bench.on_gpu:
        wrapper = OptimWrapper(optimizer)
    else:
        from mmengine.optim import AmpOptimWrapper

        name = 'float16' if dtype == torch.half else 'bfloat16'
        wrapper = AmpOptimWrapper(dtype=name, optimizer=optimizer)

    def step() -> torch.Tensor:
        with wrapper.optim_context(model):
            losses = model(**data, mode='loss')
        loss = model.parse_losses(losses)[0]
        wrapper.update_params(loss)
        return loss.detach()

    return step


def prediction_step(
    model: nn.Module, data: dict, dtype: torch.dtype | None
) -> Step:
    """From pixels on the device to kept boxes, one image."""
    kind = data['inputs'].device.type

    @torch.no_grad()
    def step() -> object:
        with torch.autocast(kind, dtype, enabled=dtype is not None):
            return model(**data, mode='predict')

    return step


def train_and_predict(bench: Bench, row: str, mode: tuple) -> None:
    """Milliseconds of a step with two images; frames per second of one."""
    name, dtype, allow_tf32, channels_last = mode
    count = 9 if bench.dry else OBJECTS[0]
    with precision(allow_tf32):
        model = build(bench, row).train()
        data = batch_on_device(bench, model, 2, count, channels_last)
        step = training_step(bench, model, data, dtype)
        loss = float(step())  # and makes the optimizer's state
        memory = bench.peak(step)
        bench.compare(
            f'training step, {row}, {name}, 2 images',
            step,
            seconds=2.5,
            images=2,
            ours_MiB=memory,
            loss=loss,
        )
        predict(bench, model.eval(), f'{row}, {name}', dtype, channels_last)


def predict(
    bench: Bench,
    model: nn.Module,
    name: str,
    dtype: torch.dtype | None,
    channels_last: bool,
) -> None:
    """Of one image at a time."""
    data = batch_on_device(bench, model, 1, 1, channels_last)
    step = prediction_step(model, data, dtype)
    bench.compare(
        f'prediction, {name}, 1 image',
        step,
        seconds=1.5,
        images=1,
        ours_MiB=bench.peak(step),
    )


def train_with_both(bench: Bench, count: int) -> None:
    """The baseline's step in mixed precision, with either assigner."""
    dtype = torch.half if bench.on_gpu else None
    steps, peaks = [], []
    for stock in (False, True):
        model = build(bench, 'baseline', stock).train()
        data = batch_on_device(bench, model, 2, count, False)
        step = training_step(bench, model, data, dtype)
        peaks.append(bench.peak(step))
        steps.append(step)
    bench.compare(
        f'training step, baseline, amp fp16, {count} objects',
        *steps,
        seconds=1.5,
        peer_is='the same with mmdet.MaxIoUAssigner',
        ours_MiB=peaks[0],
        peer_MiB=peaks[1],
    )
