"""Where detections come from, as plain values."""

import hashlib
import os
from importlib.metadata import version

from mmengine.runner import Runner

_PACKAGES = ('mmdet', 'mmengine', 'torch', 'numpy')


def describe_run(runner: Runner, phase: str) -> dict:
    """Config, data, versions and, in a test, the checkpoint.

    Args:
        runner (Runner): Of mmengine.
        phase (str): 'val' or 'test'. In training, ``load_from`` is what
            training began from, not what is evaluated: 'val' leaves it out.

    Returns:
        dict: ``config`` (text), ``versions``, and where they are known
        ``ann_file``, ``manifest`` and ``checkpoint``, each with
        ``<name>_sha256`` if it is a local file.
    """
    info = dict(
        config=runner.cfg.pretty_text,
        versions={name: version(name) for name in _PACKAGES},
    )
    dataset = getattr(runner, f'{phase}_loop').dataloader.dataset
    for name in ('ann_file', 'manifest'):
        info.update(describe_file(name, getattr(dataset, name, None)))
    if phase == 'test':
        info.update(describe_file('checkpoint', runner.cfg.get('load_from')))
    return info


def describe_file(name: str, path: str | None) -> dict[str, str]:
    """The path and, if it is a local file, its SHA-256; nothing for None."""
    if not path:
        return {}
    if not os.path.isfile(path):
        return {name: path}
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return {name: path, f'{name}_sha256': digest.hexdigest()}
