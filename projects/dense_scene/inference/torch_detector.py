"""A trained model as a function from images to boxes."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmdet.apis import DetInferencer
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.visualization import Visualizer
from torch import nn

from .. import registration as registration  # first: mmdet's come after
from ..engine.checkpoints.fit import find_unfit
from ..utils.files import require_file
from ..visualization.dense_picture import PictureBoxes


class CheckedInferencer(DetInferencer):
    """mmdet's inferencer, for weights that may not be what they should be.

    Differs from :class:`mmdet.apis.DetInferencer`: weights that are not those
    of the model are a ValueError instead of a log of missing keys, and where
    the checkpoint names no classes, they are those of the config or numbers,
    not COCO's.
    """

    def _init_model(
        self, cfg: ConfigDict, weights: str | None, device: str = 'cpu'
    ) -> nn.Module:
        self._weights = weights
        return super()._init_model(cfg, weights, device)

    def _init_visualizer(self, cfg: ConfigDict) -> Visualizer | None:
        # That of the config may want to write files.
        cfg['visualizer'] = dict(type='DenseVisualizer')
        return super()._init_visualizer(cfg)

    def _load_weights_to_model(
        self, model: nn.Module, checkpoint: dict | None, cfg: ConfigDict
    ) -> None:
        state = (checkpoint or {}).get('state_dict', checkpoint)
        _compare_weights(model, state, self._weights)
        meta = checkpoint.setdefault('meta', {}) if checkpoint else {}
        if not isinstance(meta, dict):
            meta = checkpoint['meta'] = {}
        named = {k.lower(): v for k, v in meta.get('dataset_meta', {}).items()}
        classes = named.get('classes') or meta.get('CLASSES')
        if not classes:
            classes = _config_classes(model, cfg)
        classes = (classes,) if isinstance(classes, str) else tuple(classes)
        # The palette of a data set that need not be here is of no interest.
        self.palette = 'none'
        meta['dataset_meta'] = {**named, 'classes': classes}
        super()._load_weights_to_model(model, checkpoint, cfg)


class TorchDetector:
    """A checkpoint, through mmdet's DetInferencer.

    Args:
        weights (str | Path): A checkpoint of mmengine.
        config (str | Path, optional): The model's config. Defaults to None:
            the one in the checkpoint.
        device (str, optional): As in torch. Defaults to None: a GPU where
            there is one.
        half (bool): Whether matrix products take float16, on the CPU
            bfloat16; boxes stay float32. Defaults to False.

    Raises:
        ValueError: If the weights hold no config and none is given, or are
            those of another model.
    """

    def __init__(
        self,
        weights: str | Path,
        config: str | Path | None = None,
        device: str | None = None,
        half: bool = False,
    ) -> None:
        require_file(weights, 'weights')
        _check_device(device)
        if config is not None:
            require_file(config, 'config')
        try:
            self._inferencer = CheckedInferencer(
                None if config is None else str(config),
                str(weights),
                device,
                show_progress=False,
            )
        except (AssertionError, ValueError) as error:
            # mmengine's two ways to say that it found no config
            if not str(error).startswith(('If model', 'Cannot find the c')):
                raise
            wanted = f'{weights} must hold the config of its model'
            raise ValueError(f'{wanted}. Give --config.') from error
        self.model = self._inferencer.model
        if _kind(self.model) == 'cpu':
            # What oneDNN reads: bfloat16 takes three times as long without.
            self.model.to(memory_format=torch.channels_last)
        self.classes = tuple(self.model.dataset_meta['classes'])
        self.cfg = self._inferencer.cfg
        self._half = half

    @property
    def loader(self) -> dict[str, str]:
        """How the test pipeline decodes: arguments of :func:`read_photo`."""
        load = self._inferencer.pipeline.transforms[0].from_file
        return dict(color_type=load.color_type, backend=load.imdecode_backend)

    @property
    def full_side(self) -> int:
        """The longest side that the test pipeline does not make smaller."""
        for step in self._inferencer.pipeline.transforms:
            scale = getattr(step, 'scale', None)
            if isinstance(scale, tuple):
                return min(scale)
        return 1024

    def __call__(self, images: Sequence[np.ndarray]) -> list[PictureBoxes]:
        """Boxes of images of any sizes, in one batch."""
        try:
            with torch.inference_mode(), self._precision():
                samples = self._inferencer(
                    list(images),
                    batch_size=len(images),
                    return_datasamples=True,
                    no_save_vis=True,
                )['predictions']
        except RuntimeError as error:
            if not _is_memory(error):
                raise
            raise OSError(
                f'{len(images)} images at a time must fit into the memory of '
                'the device, but do not. Use a smaller --batch-size, or '
                '--tiles.'
            ) from error
        return [_to_boxes(sample) for sample in samples]

    def _precision(self) -> AbstractContextManager:
        if not self._half:
            return nullcontext()
        kind = _kind(self.model)
        dtype = torch.bfloat16 if kind == 'cpu' else torch.float16
        return torch.autocast(kind, dtype)


def _kind(model: nn.Module) -> str:
    """The kind of its device, 'cpu' or 'cuda'."""
    return next(model.parameters()).device.type


def _is_memory(error: RuntimeError) -> bool:
    """Whether torch asked for more than there is, on a GPU or the CPU."""
    kind = torch.cuda.OutOfMemoryError
    return isinstance(error, kind) or "can't allocate memory" in str(error)


def _check_device(device: str | None) -> None:
    """ValueError for one that is not here."""
    try:
        torch.zeros(1, device=device).tolist()
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f'device must be one of this machine, but got {device!r} '
            f'({reason}).'
        ) from error


def _to_boxes(sample: DetDataSample) -> PictureBoxes:
    found = sample.pred_instances
    columns = found.bboxes.float(), found.labels, found.scores.float()
    boxes, labels, scores = (column.cpu().numpy() for column in columns)
    usable = np.isfinite(boxes).all(axis=1) & np.isfinite(scores)
    return PictureBoxes(boxes[usable], labels[usable], scores[usable])


def _compare_weights(
    model: nn.Module, state: Any, weights: str | None
) -> None:
    """ValueError unless every weight of the model is in the checkpoint."""
    if not isinstance(state, dict):
        raise ValueError(f'{weights} must hold a state_dict.')
    if unfit := find_unfit(model, state):
        first, (want, got) = next(iter(unfit.items()))
        told = 'lacks it' if got is None else f'has {tuple(got)}'
        raise ValueError(
            f'weights must be those of the model, but {len(unfit)} of '
            f'{len(model.state_dict())} tensors are not, the first: {first} '
            f'is {tuple(want)}, and {weights} {told}. Give the --config that '
            'they were trained with.'
        )


def _config_classes(model: nn.Module, cfg: ConfigDict) -> tuple[str, ...]:
    """The names in the config, else 'class 0' and so on."""
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    if named := dataset.get('metainfo', {}).get('classes'):
        return named
    counts = [
        module.num_classes
        for module in model.modules()
        if hasattr(module, 'num_classes')
    ]
    return tuple(f'class {label}' for label in range(max(counts, default=1)))
