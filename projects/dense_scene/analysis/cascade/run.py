"""Measure what the stages of a trained cascade do to boxes."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import torch
from mmdet.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import print_log
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from torch import nn
from torch.utils.data import Dataset

from ... import registration as registration
from ...utils import checks
from ...utils.files import require_file
from ...utils.progress import track_on_stderr
from .study import CascadeStudy
from .tap import CascadeTap

# Images between two writes of what has been measured.
_SAVE_EVERY = 50


def study_cascade(
    config: str | os.PathLike,
    checkpoint: str | os.PathLike,
    out_dir: str | os.PathLike,
    num_images: int | None = None,
    min_iou: float = 0.3,
    cfg_options: dict | None = None,
    device: str | None = None,
) -> CascadeStudy:
    """Run a detector on its test images and follow its boxes.

    Boxes are those of test time: proposals of the RPN, refined by one stage
    after the other, before NMS. Crowd and ignored objects do not count;
    classes are not told apart.

    What is measured is kept in ``out_dir/cascade_study.npz``: when called
    again with the same arguments it goes on where it was stopped, or returns
    at once.

    Args:
        config (str | PathLike): Its ``test_dataloader`` names the images.
        checkpoint (str | PathLike): Weights of that model.
        out_dir (str | PathLike): Made if absent.
        num_images (int, optional): So many, evenly spread over the data set.
            Defaults to None: all.
        min_iou (float): Proposals that overlap no object so much are left
            out. Defaults to 0.3: mmdet's RPN learns background below it.
        cfg_options (dict, optional): Overrides of the config.
        device (str, optional): Defaults to None: a GPU where there is one.
    """
    if num_images is not None:
        num_images = checks.positive_integer('num_images', num_images)
    min_iou = checks.number('min_iou', min_iou, '[0, 1)')
    require_file(config, 'config')
    require_file(checkpoint, 'checkpoint')
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(cfg_options or {})
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    images = _choose(len(dataset), num_images)
    file = os.stat(checkpoint)
    key = _key(
        (cfg.model.to_dict(), cfg.test_dataloader.dataset.to_dict()),
        (os.path.abspath(checkpoint), file.st_size, file.st_mtime_ns),
        (num_images, min_iou),
    )
    progress = _Progress(Path(out_dir) / 'cascade_study.npz', key)
    if images := images[progress.load() :]:
        model = _build_model(cfg, os.fspath(checkpoint), device)
        _measure(model, dataset, images, min_iou, progress)
    return progress.parts[0]


@dataclasses.dataclass
class _Progress:
    """What has been measured, and the file that keeps it."""

    path: Path
    key: str
    parts: list[CascadeStudy] = dataclasses.field(default_factory=list)

    def load(self) -> int:
        """Go on from the file; returns how many images are done."""
        if not (study := CascadeStudy.load(self.path, self.key)):
            return 0
        self.parts = [study]
        done = len(study.image_objects)
        print_log(f'{self.path}: {done} images are done.', logger='current')
        return done

    def save(self) -> None:
        if self.parts:
            self.parts = [CascadeStudy.concatenate(self.parts)]
            self.parts[0].save(self.path, self.key)


def _measure(
    model: nn.Module,
    dataset: Dataset,
    images: list[int],
    min_iou: float,
    progress: _Progress,
) -> None:
    tap = CascadeTap(model)
    shown = track_on_stderr(images, 'following boxes')
    try:
        for number, image in enumerate(shown, 1):
            data = dataset[image]
            model.test_step(pseudo_collate([data]))
            boxes = tap.boxes(data['data_samples'].metainfo)
            found = boxes, _objects(dataset, image), tap.pos_iou_thrs, min_iou
            progress.parts.append(CascadeStudy.of_image(*found))
            if number % _SAVE_EVERY == 0:
                progress.save()
    finally:
        # Also when interrupted: the next call goes on from here.
        tap.remove()
        progress.save()


def _build_model(
    cfg: Config, checkpoint: str, device: str | None
) -> nn.Module:
    """The model with all its weights, or none at all."""
    model = revert_sync_batchnorm(MODELS.build(cfg.model)).eval()
    try:
        load_checkpoint(model, checkpoint, map_location='cpu', strict=True)
    except RuntimeError as error:  # lines of long lists of names
        what = f'{checkpoint!r} must hold the weights of the config'
        last = str(error).split('\n')[-1].strip()[:120]
        raise ValueError(f'{what}, but does not: {last}...') from error
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        return model.to(device)
    except (AssertionError, RuntimeError) as error:  # torch raises either
        what = f'device must be one that torch can use here, but {device!r} is'
        first = str(error).split('\n')[0]
        raise ValueError(f'{what} not: {first}.') from error


def _choose(count: int, wanted: int | None) -> list[int]:
    """Positions of the images, evenly spread."""
    if count == 0:
        raise ValueError('test_dataloader must have images, but has none.')
    wanted = count if wanted is None else min(wanted, count)
    return np.linspace(0, count - 1, wanted).round().astype(int).tolist()


def _objects(dataset: Dataset, image: int) -> np.ndarray:
    """(M, 4), xyxy, pixels of the original image, whatever the pipeline."""
    instances = dataset.get_data_info(image)['instances']
    boxes = [x['bbox'] for x in instances if not x.get('ignore_flag')]
    return np.reshape(np.array(boxes, np.float64), (-1, 4))


def _key(*parts: object) -> str:
    """Tells one study from another."""
    text = json.dumps(parts, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()
