"""The repository's configs, as tests ask for them."""

import copy
from pathlib import Path

from mmengine.config import Config, ConfigDict

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / 'configs'
LEAVES = sorted(
    path for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts
)
# The rows of Table 1 and what stands around them
CASCADES = [
    path
    for path in LEAVES
    if path.name.startswith('cascade-rcnn') and '_coco' not in path.stem
]
_loaded: dict[Path, Config] = {}


def sku_row(part: str) -> Path:
    """The config of a row of SKU-110K's subset, in whichever folder."""
    name = f'cascade-rcnn_r101_{part}_1xb2-6e_sku110k-sub.py'
    (path,) = (CONFIGS / 'cascade_rcnn').rglob(name)
    return path


def load(path: Path) -> Config:
    """A copy of the config: to read one takes longer than its test."""
    if path not in _loaded:
        _loaded[path] = Config.fromfile(path)
    return copy.deepcopy(_loaded[path])


def shrink(cfg: Config) -> ConfigDict:
    """The model with the smallest backbone and no weights to fetch."""
    model = cfg.model
    # Twelve million numbers per head, drawn for nothing.
    for head in bbox_heads(model):
        head.fc_out_channels = 32
    small = dict(depth=18)
    if model.backbone.type == 'SENet154':
        small = dict(stage_blocks=(1, 1, 1, 1), groups=8, base_channels=16)
    model.backbone.update(small, init_cfg=None)
    neck = model.neck[0] if isinstance(model.neck, list) else model.neck
    neck.in_channels = [64, 128, 256, 512]
    return model


def limit_boxes(model: ConfigDict, count: int = 60) -> ConfigDict:
    """The model with so many proposals or queries, for fast steps."""
    for phase in ('train_cfg', 'test_cfg'):
        part = model.get(phase, {}).get('rpn_proposal')
        part = part or model.get(phase, {}).get('rpn')
        if part and 'max_per_img' in part:
            part.update(nms_pre=count, max_per_img=count)
    if 'num_queries' in model:
        model.num_queries = model.test_cfg.max_per_img = count
        model.dn_cfg.group_cfg.num_dn_queries = count // 3
    return model


def bbox_heads(model: ConfigDict) -> list[ConfigDict]:
    """Those of a cascade, or the one of Faster R-CNN."""
    heads = model.roi_head.bbox_head
    return heads if isinstance(heads, list) else [heads]


def difference(a, b, path='') -> set[str]:
    """Dotted names of everything that differs between two configs."""
    if type(a) is type(b) and isinstance(a, dict):
        found = set()
        for key in a.keys() | b.keys():
            found |= difference(a.get(key), b.get(key), f'{path}.{key}')
        return found
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return set().union(*(difference(x, y, path) for x, y in zip(a, b)))
    return set() if a == b else {path.lstrip('.')}
