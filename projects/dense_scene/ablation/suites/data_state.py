"""What the data files are, so that no row is trained on others."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config

from ...evaluation.stored.detection_file import describe_file
from ...utils.files import require_file
from .resolve import walk

_LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def describe_data(cfg: Config) -> dict[str, str]:
    """A SHA-256 for each annotation file and each folder of images.

    That of a folder is of the names and sizes of its files. Keys are paths
    below ``data_root``, so that they are the same on every machine.
    """
    state: dict[str, str] = {}
    for name in _LOADERS:
        for node in walk(cfg.to_dict().get(name) or {}):
            if isinstance(node.get('ann_file'), str) and node['ann_file']:
                state |= _describe(node)
    return state


def require_same_data(
    known: Mapping[str, str], state: Mapping[str, str], run: str
) -> None:
    """ValueError if a file is another than it was when ``run`` began."""
    for name, digest in state.items():
        if known.get(name, digest) != digest:
            raise ValueError(
                f'the data must stay what they were when {run} began, but '
                f'{name} has changed. Restore it, or begin in another '
                '--work-dir.'
            )


def _describe(dataset: dict) -> dict[str, str]:
    root = Path(dataset.get('data_root') or '')
    ann_file = root / dataset['ann_file']
    require_file(ann_file, 'ann_file', 'Set the root of the data.')
    digest = describe_file('ann_file', str(ann_file))['ann_file_sha256']
    state = {dataset['ann_file']: digest}
    prefix = (dataset.get('data_prefix') or {}).get('img') or ''
    folder = root / prefix
    if folder.is_dir():
        state[f'{prefix or "."}/'.replace('//', '/')] = _of_folder(folder)
    return state


def _of_folder(folder: Path) -> str:
    files = []
    for place, _, names in os.walk(folder):
        inside = os.path.relpath(place, folder)
        for name in names:
            size = os.path.getsize(os.path.join(place, name))
            files.append(f'{inside}/{name}\0{size}\n')
    text = ''.join(sorted(files)).encode(errors='surrogateescape')
    return hashlib.sha256(text).hexdigest()
