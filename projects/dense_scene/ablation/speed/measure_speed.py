"""Measures trained models, one image at a time, in a process of its own.

Called by its path: a JSON list of ``config``, ``checkpoint`` and ``out``, how
many images, and how many before them.
"""

import gc
import json
import math
import re
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def main(tasks: str, images: str, warmup: str) -> None:
    """Write for each task what :class:`SpeedRecord` takes, or its error."""
    for task in json.loads(Path(tasks).read_text()):
        try:
            result = measure_file(task, int(images), int(warmup))
        except Exception as error:
            # The other rows have done nothing wrong.
            traceback.print_exc()
            result = dict(error=f'{type(error).__name__}: {error}')
        out = Path(task['out'])
        part = out.with_name(out.name + '.tmp')
        part.write_text(json.dumps(result))
        part.replace(out)


def measure_file(task: dict, images: int, warmup: int) -> dict:
    """A trained model by its ``config`` and ``checkpoint``."""
    gc.collect()
    cfg = Config.fromfile(task['config'])
    cfg.work_dir = str(Path(task['out']).parent / 'runner')
    cfg.load_from = task['checkpoint']
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    runner = Runner.from_cfg(cfg)
    # As before a test: an EMAHook has no copy to load into until then.
    runner.call_hook('before_run')
    runner.load_or_resume()
    dataset = runner.build_dataloader(cfg.test_dataloader).dataset
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    return measure(runner.model, dataset, images, warmup)


def measure(model, dataset, images: int, warmup: int) -> dict:
    """Time ``images`` images after ``warmup`` others; medians of seconds.

    An image is loaded and goes through the pipeline in this process, then the
    model with pre- and post-processing (``test_step``), and the GPU is waited
    for. Images come round again where the data set is smaller.
    """
    model.eval()
    load, predict, data = [], [], None
    for number in range(warmup + images):
        start = time.perf_counter()
        data = pseudo_collate([dataset[number % len(dataset)]])
        loaded = time.perf_counter()
        with torch.no_grad():
            model.test_step(data)
        _wait()
        end = time.perf_counter()
        if number >= warmup:
            load.append(loaded - start)
            predict.append(end - loaded)
    gmacs = count_gmacs(lambda: model.test_step(data))
    shape = data['inputs'][0].shape
    total = sorted(a + b for a, b in zip(load, predict))
    return dict(
        fps=1 / total[len(total) // 2],
        fps_model=1 / sorted(predict)[len(predict) // 2],
        images=images,
        warmup=warmup,
        image_shape=[int(side) for side in shape[-2:]],
        parameters=sum(p.numel() for p in model.parameters()),
        gmacs=gmacs,
        memory_mb=_peak(),
    )


def count_gmacs(run: Callable[[], object]) -> float:
    """Billions of multiply-adds of the products that ``run`` computes."""
    counter = FlopCounterMode(display=False)
    # On a CPU the counter overlooks fused attention, but not its products.
    with sdpa_kernel(SDPBackend.MATH), counter, torch.no_grad():
        run()
    return counter.get_total_flops() / 2e9


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _peak() -> float:
    """MB of the GPU, else of the process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path('/proc/self/status')
    if not status.is_file():
        return math.nan
    return int(re.search(r'VmHWM:\s+(\d+)', status.read_text())[1]) / 2**10


if __name__ == '__main__':
    main(*sys.argv[1:])
