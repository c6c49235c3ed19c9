"""DDQ-DETR R50 at 1333 x 800, ours and mmdet's."""

import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch import nn

import dense_scene  # noqa: F401  registers the classes

from .bench import Bench, Step, one_line
from .detector import batch_on_device, precision, training_step
from .paths import ROOT

LARGE = 'configs/ddq/ddq-detr_r50_8xb2-12e_coco.py'
SMALL = 'configs/ddq/ddq-detr_r18-scratch_1xb4-3e_shelves.py'
# Queries that predict; half as many again exist in training.
QUERIES = ((900, 147), (1200, 356), (2000, 576))
MODES = {'tf32': None, 'amp bf16': torch.bfloat16}
STOCK = {'type': 'DDQDETR', 'bbox_head.type': 'DDQDETRHead'}


def measure(bench: Bench) -> None:
    """A training step with two images, for more and more objects."""
    init_default_scope('mmdet')
    # init_weights logs every parameter.
    MMLogger.get_current_instance().setLevel('WARNING')
    for queries, objects in ((30, 9),) if bench.dry else QUERIES:
        for mode in ('tf32',) if bench.dry else MODES:
            name = f'DDQ-DETR, {queries} queries, {objects} objects, {mode}'
            with bench.row(name), precision(True):
                compare(bench, name, queries, objects, MODES[mode])


def build(bench: Bench, queries: int, stock: bool = False) -> nn.Module:
    """The same weights with mmdet's classes and with ours."""
    config = Config.fromfile(ROOT / (SMALL if bench.dry else LARGE))
    if stock:
        config.merge_from_dict({f'model.{k}': v for k, v in STOCK.items()})
    model = config.model
    model.backbone.init_cfg = None  # no network
    model.num_queries = queries
    torch.manual_seed(0)
    model = MODELS.build(model)
    model.init_weights()
    return model.to(bench.device).train()


def compare(
    bench: Bench,
    name: str,
    queries: int,
    objects: int,
    dtype: torch.dtype | None,
) -> None:
    """Milliseconds, peak memory and first loss of both sides."""
    steps: dict[str, Step] = {}
    facts: dict[str, object] = {}
    for side in ('ours', 'peer'):
        model = build(bench, queries, stock=side == 'peer')
        data = batch_on_device(bench, model, 2, objects, False)
        step = training_step(bench, model, data, dtype)
        torch.manual_seed(1)  # the noise of denoising queries
        try:
            facts[f'{side}_loss'] = float(step())
            facts[f'{side}_MiB'] = bench.peak(step)
            steps[side] = step
        except RuntimeError as error:  # mmdet's has no memory, or autocast
            facts[f'{side}_error'] = one_line(error)
            bench.clean()
    bench.compare(
        name,
        **steps,
        seconds=1.5,
        peer_is='the same with mmdet.DDQDETR and mmdet.DDQDETRHead',
        images=2,
        **facts,
    )
