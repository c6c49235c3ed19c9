"""Train and evaluate with two processes on the CPU; run by a test.

mmengine's own launcher calls ``torch.cuda.set_device``, which fails without
a GPU. It makes no process group when there is one, so this makes it first.
"""

import os
import sys

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.runner import Runner


def main() -> None:
    """Usage: two_processes.py CONFIG WORK_DIR; the rank is in the env."""
    torch.set_num_threads(1)
    dist.init_process_group('gloo')
    cfg = Config.fromfile(sys.argv[1])
    cfg.model.backbone.depth = 18
    cfg.model.neck.in_channels = [64, 128, 256, 512]
    cfg.work_dir = sys.argv[2]
    cfg.launcher = 'pytorch'
    cfg.env_cfg.dist_cfg.backend = 'gloo'
    # DDP on the CPU takes no device_ids; mmengine's default passes them.
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel', device_ids=None
    )
    runner = Runner.from_cfg(cfg)
    runner.train()
    metrics = runner.val_evaluator.metrics[0].results
    assert metrics == [], 'the metric keeps no results after an epoch'
    model = runner.model.module
    total = sum(p.double().sum() for p in model.parameters()).item()
    print(f'rank {os.environ["RANK"]} parameters {total:.9f}', flush=True)
    dist.destroy_process_group()


if __name__ == '__main__':
    main()
