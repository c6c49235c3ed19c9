"""The configs that mmdet ships, and why some of them give no model."""

import copy
import functools
import itertools
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import mmdet
import torch
from mmdet.registry import MODELS
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from torch import nn
from torch.overrides import TorchFunctionMode

from tests.test_portable_ops.stock_language import without_hub

FOLDER = Path(mmdet.__file__).parent / '.mim/configs'
FILES = sorted(
    path for path in FOLDER.rglob('*.py') if '_base_' not in path.parts
)
FAMILIES = sorted({path.relative_to(FOLDER).parts[0] for path in FILES})
# What mmdet says where a package is missing, and how the package is called
_MISSING = re.compile(
    r"No module named '(\w+)|(\w+) is not installed|"
    r"custom modules from {'imports': \['(\w+)"
    r'|mim install (\w+)|[Pp]lease install (\w+)'
    r'|pip install (sklearn)'
)
_PACKAGES = dict(skimage='scikit-image', sklearn='scikit-learn')


def name_of(path: Path) -> str:
    """Below the folder of configs, without its suffix."""
    return path.relative_to(FOLDER).with_suffix('').as_posix()


@functools.cache
def read(path: Path) -> Config | None:
    """None of a file that speaks of no model, or of another file's."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        cfg = Config.fromfile(path)
    if 'type' not in cfg.get('model', {}):
        return None
    without_weights(cfg.model)
    return cfg


def without_weights(part: ConfigDict) -> None:
    """The same, asking for no download; its teacher found anywhere."""
    for found in dicts_of(part):
        for key in ('init_cfg', 'pretrained', 'teacher_ckpt'):
            if key in found:
                found[key] = None
        teacher = found.get('teacher_config')
        if isinstance(teacher, str):  # from mmdet's own folder
            found['teacher_config'] = str(FOLDER.parent / teacher)
        without_hub(found)


def dicts_of(part: object) -> Iterator[dict]:
    """Every dict of a config."""
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, (list, tuple)):
        for value in part:
            yield from dicts_of(value)


def build(model: ConfigDict) -> nn.Module:
    init_default_scope('mmdet')
    # mmcv's own synchronized normalization asks how many processes train.
    alone = 'MMSyncBN' in str(model)
    if alone:
        store = torch.distributed.HashStore()
        torch.distributed.init_process_group(
            'gloo', store=store, rank=0, world_size=1
        )
    try:
        return MODELS.build(copy.deepcopy(model))  # detectors change it
    finally:
        if alone:
            torch.distributed.destroy_process_group()


class _OnCPU(TorchFunctionMode):
    """Where numbers are read: rates of dropped paths."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.linspace:
            kwargs = {'device': 'cpu', **(kwargs or {})}
        return func(*args, **(kwargs or {}))


def build_shapes(model: ConfigDict) -> None:
    """Neither numbers to draw nor memory."""
    if 'language_model' in model:  # transformers refuses that
        build(model)
        return
    with torch.device('meta'), _OnCPU():
        build(model)


def reason_of(error: Exception) -> str:
    """One line without places of this machine."""
    found = _MISSING.search(str(error))
    if found:
        package = next(filter(None, found.groups()))
        return f'needs `{_PACKAGES.get(package, package).lower()}`'
    text = ' '.join(str(error).split()).replace(f'{FOLDER}/', '')
    return f'{type(error).__name__}: {text}'.replace('|', '/')


@functools.cache
def why_not(path: Path) -> str | None:
    """Why there is no model of a config; None if there is."""
    try:
        cfg = read(path)
        if cfg is not None:
            build_shapes(cfg.model)
    except Exception as error:
        return reason_of(error)
    return None


def of_family(family: str) -> list[Path]:
    return [path for path in FILES if path.is_relative_to(FOLDER / family)]


def failures(family: str) -> dict[str, str]:
    """Why there is no model, by a config's name."""
    found = {name_of(path): why_not(path) for path in of_family(family)}
    return {name: reason for name, reason in found.items() if reason}


def plainest(family: str) -> list[Path]:
    """Up to three that give a model, the shortest name first."""
    paths = sorted(of_family(family), key=lambda path: (len(path.stem), path))
    models = (p for p in paths if why_not(p) is None and read(p) is not None)
    return list(itertools.islice(models, 3))
