"""Where checkpoints come from: files, addresses and lists of models.

The loaders are put in place through mmengine's own extension point,
``CheckpointLoader.register_scheme``, for every scheme that it knows, and end
in :func:`.load_from_file`.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import barrier, get_rank
from mmengine.fileio import get_local_path
from mmengine.runner import checkpoint as stock

from .loading import CheckpointRefusedError, load_from_file


def load_from_url(filename: str, map_location: Any = None) -> dict:
    """Download once (rank 0 first), then load as :func:`load_from_file`.

    Files of one name and several addresses are kept apart. A file that is
    refused is deleted, so that the next call downloads it again.
    """
    name = os.path.basename(filename.split('?')[0]) or 'checkpoint'
    digest = hashlib.sha256(filename.encode()).hexdigest()[:16]
    return _load_download(filename, _cache() / digest / name, map_location)


def load_from_torchvision(filename: str, map_location: Any = None) -> dict:
    """Load ``torchvision://resnet101`` and the like, by torchvision's list."""
    name = filename.split('://', 1)[1]
    try:
        urls = stock.get_torchvision_models()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{filename!r} needs torchvision. Install it, or train from '
            'scratch with model.backbone.init_cfg=None.'
        ) from error
    url = _listed(urls, name, 'torchvision')
    # resnet101-63fe2227.pth: its names carry the start of their sha256. The
    # file is shared with torchvision itself.
    name = os.path.basename(url)
    digest = re.search(r'-([0-9a-f]{8,})\.', name)
    prefix = digest and digest.group(1)
    return _load_download(url, _cache() / name, map_location, prefix)


def load_from_openmmlab(filename: str, map_location: Any = None) -> dict:
    """Load ``open-mmlab://...``, by mmengine's list."""
    name = filename.split('://', 1)[1]
    name = stock.get_deprecated_model_names().get(name, name)
    url = _listed(stock.get_external_models(), name, 'open-mmlab')
    if url.startswith(('http://', 'https://')):
        return load_from_url(url, map_location)
    home = os.getenv('MMENGINE_HOME', '~/.cache/mmengine')
    return load_from_file(os.path.join(home, url), map_location)


def load_from_mmcls(filename: str, map_location: Any = None) -> dict:
    """Load the backbone of ``mmcls://...``, by mmengine's list."""
    name = filename.split('://', 1)[1]
    url = _listed(stock.get_mmcls_models(), name, 'mmcls')
    loaded = load_from_url(url, map_location)
    weights = loaded.get('state_dict', loaded)
    start = 'backbone.'
    return dict(
        state_dict={
            key.removeprefix(start): value
            for key, value in weights.items()
            if key.startswith(start)
        }
    )


def load_from_ceph(filename: str, map_location: Any = None) -> dict:
    """Load from ``s3://`` or ``petrel://`` through mmengine's backend."""
    arguments = dict(backend='petrel')
    with get_local_path(filename, backend_args=arguments) as path:
        return load_from_file(path, map_location)


def load_from_pavi(filename: str, map_location: Any = None) -> dict:
    """Refuse ``pavi://``, whose client cannot be had."""
    advice = 'Download it, and give its path'
    raise CheckpointRefusedError(f'{filename!r} cannot be read. {advice}.')


def register_checkpoint_loaders() -> None:
    """Make mmengine load every checkpoint through this package."""
    loaders = {
        load_from_file: [''],
        load_from_url: ['http://', 'https://'],
        load_from_torchvision: ['modelzoo://', 'torchvision://'],
        load_from_openmmlab: ['open-mmlab://', 'openmmlab://'],
        load_from_mmcls: ['mmcls://'],
        load_from_ceph: [r'(\S+\:)?s3://', r'(\S+\:)?petrel://'],
        load_from_pavi: ['pavi://'],
    }
    for loader, schemes in loaders.items():
        stock.CheckpointLoader.register_scheme(schemes, loader, force=True)


def _cache() -> Path:
    return Path(torch.hub.get_dir()) / 'checkpoints'


def _listed(urls: dict, name: str, source: str) -> str:
    if name not in urls:
        raise ValueError(f'{source} has no weights named {name!r}.')
    return urls[name]


def _load_download(
    url: str, target: Path, map_location: Any, sha256: str | None = None
) -> dict:
    if get_rank() == 0 and not target.exists():
        _download(url, target, sha256)
    barrier()
    try:
        return load_from_file(target, map_location)
    except CheckpointRefusedError as error:
        target.unlink(missing_ok=True)
        advice = f'It came from {url} and was deleted.'
        raise CheckpointRefusedError(f'{error} {advice}') from None


def _download(url: str, target: Path, sha256: str | None) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(target), hash_prefix=sha256)
    # Of the network, of the disk, of a bad address, of a wrong check sum.
    except (OSError, ValueError, RuntimeError) as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ConnectionError(
            f'{url} could not be downloaded: {reason}. Download it elsewhere '
            'and give its path (load_from, or init_cfg.checkpoint), or store '
            f'it as {target}.'
        ) from None
