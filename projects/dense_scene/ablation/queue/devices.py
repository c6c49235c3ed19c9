"""Places where runs may take place."""

from collections.abc import Sequence

import torch

from ...utils.worker_pool import available_cores


def find_devices(
    names: Sequence[str] | None, gpus: int, kind: str
) -> list[str]:
    """One entry for each place that takes a run.

    'cpu', numbers of GPUs joined by commas (``gpus`` of them for each run),
    or 'slurm', which has places of its own.

    Args:
        names (Sequence[str], optional): 'cpu' or numbers of GPUs. Defaults to
            None: all GPUs, or without any the CPU.
        gpus (int): Of a run.
        kind (str): See :class:`Launcher`.
    """
    if kind == 'slurm':
        return ['slurm']
    count = torch.cuda.device_count()
    if names is None:
        names = [str(number) for number in range(count)] or ['cpu']
    for name in names:
        if name != 'cpu' and not (name.isdigit() and int(name) < count):
            raise ValueError(
                f'devices must be cpu or GPUs below {count}, but got {name!r}.'
            )
    if len(set(names)) < len(names):
        raise ValueError(f'devices must differ, but got {", ".join(names)}.')
    if list(names) == ['cpu'] and kind == 'pytorch':
        return ['cpu']
    if len(names) < gpus:
        raise ValueError(
            f'a run on {gpus} GPUs needs as many devices, but got '
            f'{", ".join(names)}.'
        )
    starts = range(0, len(names) - gpus + 1, gpus)
    return [','.join(names[start : start + gpus]) for start in starts]


def device_environment(
    device: str, env: dict[str, str], runs: int
) -> dict[str, str]:
    """Let a process see its device alone, and share the cores fairly.

    Args:
        device (str): Of :func:`find_devices`.
        env (dict): What to start from.
        runs (int): How many run on this machine at a time.
    """
    threads = str(max(1, available_cores() // runs))
    env = {'OMP_NUM_THREADS': threads, **env}
    if device == 'cpu':
        env['CUDA_VISIBLE_DEVICES'] = '-1'
    elif device != 'slurm':
        visible = env.get('CUDA_VISIBLE_DEVICES', '').split(',')
        chosen = [int(number) for number in device.split(',')]
        if max(chosen) < len(visible) and visible != ['']:
            device = ','.join(visible[number] for number in chosen)
        env['CUDA_VISIBLE_DEVICES'] = device
    return env
