"""A training step and predictions of a model that mmdet ships.

Images, boxes, masks and the rest are mmdet's own demo inputs; what a config
needs of them is read from its training pipeline.
"""

import copy
import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.testing import demo_mm_inputs, demo_mm_proposals, demo_track_inputs
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.model import revert_sync_batchnorm
from torch import nn

from tests.test_portable_ops.stock_configs import (
    build,
    dicts_of,
    read,
    reason_of,
)
from tests.test_portable_ops.stock_language import CLASSES, TEXT

SIZE = 128, 160  # height and width, pixels
# Where fewer pixels give maps of no size, or fewer places than queries
LARGER = {
    'SSDVGG': (300, 300),
    'HourglassNet': (128, 256),
    'NASFPN': (128, 256),
    'DINO': (256, 320),
    'DDQDETR': (256, 320),
}
# Proposals, or detections, of one image
FEW, CAPS = 30, {'nms_pre', 'max_per_img'}


def size_of(cfg: Config) -> tuple[int, int]:
    types = {part.get('type') for part in dicts_of(cfg.model)}
    return next((s for name, s in LARGER.items() if name in types), SIZE)


def training_steps(cfg: Config) -> dict[str, dict]:
    """The transforms of its training, by type."""
    loader = cfg.get('train_dataloader')
    return {part['type']: part for part in dicts_of(loader) if 'type' in part}


def inputs_for(cfg: Config, training: bool) -> dict:
    """A batch as the data loader of the config gives it."""
    steps = training_steps(cfg)
    panoptic = 'LoadPanopticAnnotations' in steps
    loading = steps.get('LoadAnnotations') or steps.get('LoadTrackAnnotations')
    loading = loading or {}
    spoken = 'language_model' in cfg.model
    num_classes = len(CLASSES) if spoken else fewest_classes(cfg)
    settings = dict(
        num_classes=max(num_classes, 2),
        with_mask=panoptic or loading.get('with_mask', False),
        with_semantic=panoptic or loading.get('with_seg', False),
    )
    shape = 3, *size_of(cfg)
    if is_video(cfg):
        data = demo_track_inputs(
            key_frames_inds=[0], image_shapes=shape, num_items=[4], **settings
        )
    else:
        # mmdet tests with one image at a time, as guided anchors need it.
        count = 2 if training else 1
        data = demo_mm_inputs(
            count,
            image_shapes=shape,
            num_items=[3, 5][:count],
            use_box_type=True,
            texts=[TEXT] * count if spoken else None,
            custom_entities=True,
            sem_seg_output_strides=stride_of_maps(steps),
            **settings,
        )
    for sample in samples_of(data):
        sample.gt_instances.labels %= num_classes
        sample.set_metainfo(dict(homography_matrix=np.eye(3, dtype='f4')))
        if 'LoadProposals' in steps:
            (sample.proposals,) = demo_mm_proposals([shape], 50)
    if training and 'MultiBranchDataPreprocessor' in str(cfg.model):
        branches = 'sup', 'unsup_teacher', 'unsup_student'
        data = {
            key: {name: copy.deepcopy(value) for name in branches}
            for key, value in data.items()
        }
    return data


def fewest_classes(cfg: Config) -> int:
    """Of its heads; ten are enough for the inputs."""
    found = (part.get('num_classes') for part in dicts_of(cfg.model))
    return min([10, *(count for count in found if isinstance(count, int))])


def stride_of_maps(steps: dict) -> int:
    """Of semantic maps, which HTC reads at an eighth of the image."""
    return round(1 / steps.get('SegRescale', {}).get('scale_factor', 1))


def is_video(cfg: Config) -> bool:
    return cfg.model.data_preprocessor.type == 'TrackDataPreprocessor'


def samples_of(data: dict) -> Iterator[DetDataSample]:
    """Of images, and of the frames of videos."""
    for sample in data['data_samples']:
        yield from getattr(sample, 'video_data_samples', [sample])


def shrink(cfg: Config) -> dict:
    """The model with few proposals, and no padding to a training's sizes."""
    model = copy.deepcopy(cfg.model)
    for part in dicts_of(model):
        if 'nms_pre' in part:
            part.update(dict.fromkeys(CAPS & part.keys(), FEW))
        for step in part.get('batch_augments') or []:
            for key in step.keys() & {'size', 'random_size_range'}:
                step[key] = size_of(cfg)
    return model


def model_of(cfg: Config) -> nn.Module:
    """With weights from seed 0."""
    for name in ('iter', 'epoch'):  # asked for by YOLOX and TOOD
        MessageHub.get_current_instance().update_info(name, 0)
    torch.manual_seed(0)
    built = build(shrink(cfg))
    built.init_weights()
    for module in built.modules():
        # Left as its memory was found where no weights are to be loaded.
        if type(module).__name__ == 'TridentConv':
            nn.init.kaiming_normal_(module.weight)
    return revert_sync_batchnorm(built)  # as a Runner of one process


def train(model: nn.Module, cfg: Config) -> None:
    """One step."""
    model.train()
    data = model.data_preprocessor(inputs_for(cfg, True), True)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=1e-5)
    total, logged = model.parse_losses(model(**data, mode='loss'))
    bad = [name for name, value in logged.items() if not value.isfinite()]
    if bad:
        raise FloatingPointError(f'{bad} are not finite.')
    total.backward()
    optimizer.step()


@torch.no_grad()
def predict(model: nn.Module, cfg: Config) -> list:
    model.eval()
    data = model.data_preprocessor(inputs_for(cfg, False), False)
    return model(**data, mode='predict')


@functools.cache
def why_not(path: Path, device: str = 'cpu') -> str | None:
    """Why the model of a config takes no step; None if it does."""
    cfg = read(path)
    try:
        model = model_of(cfg).to(device)
        # A tracker's parts are trained by configs of their own.
        if not hasattr(model, 'tracker') or 'TrackDataset' in str(cfg):
            train(model, cfg)
        predict(model, cfg)
    except Exception as error:
        return reason_of(error)
    return None
