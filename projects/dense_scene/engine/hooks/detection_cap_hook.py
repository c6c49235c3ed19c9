"""Tell the metric what it cannot see: data, model limits, the run."""

from importlib.metadata import version
from typing import Any

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from ...evaluation.dense_coco_metric import DenseCocoMetric
from ...evaluation.stored.detection_file import describe_file
from ...evaluation.truth_metric import TruthMetric
from ...utils.model_wrappers import peel

_PACKAGES = ('mmdet', 'mmengine', 'torch', 'numpy')


@HOOKS.register_module()
class DetectionCapHook(Hook):
    """Hand :class:`DenseCocoMetric` the data set, and limits to warn of.

    A metric sees neither data, model nor config. Before each evaluation, and
    before a training, this hook gives every metric

    - the data set, whose columns are the ground truth: no file is read again
      and no box travels with the images;
    - ``model_caps``: ``max_per_img`` of the model's ``test_cfg`` (with ``rpn``
      and ``rcnn`` where it has them) and, with ``--tta``, of its ``tta_cfg``,
      to be compared with the annotations;
    - ``run_info``, what :func:`describe_run` tells, where it writes a
      ``detection_file``.

    Example:
        >>> default_hooks = dict(caps=dict(type='DetectionCapHook'))
    """

    def before_train(self, runner: Runner) -> None:
        """Read the ground truth before the first epoch: it may be wrong."""
        if runner.val_loop is not None:
            for metric in _share(runner, 'val'):
                metric.prepare()

    def before_val(self, runner: Runner) -> None:
        """Fill in the metrics of ``val_evaluator``."""
        _share(runner, 'val')

    def before_test(self, runner: Runner) -> None:
        """Fill in the metrics of ``test_evaluator``."""
        _share(runner, 'test')


def find_model_caps(model: nn.Module) -> dict[str, int]:
    """Every ``max_per_img`` of a detector, by its place in the config.

    Looks through what wraps the detector: parallel training, mmdet's
    ``DetTTAModel``.
    """
    caps = {}
    *wrappers, model = peel(model)
    for wrapper in wrappers:
        caps.update(_caps_of(getattr(wrapper, 'tta_cfg', None), 'tta_cfg.'))
    test_cfg = getattr(model, 'test_cfg', None) or {}
    caps.update(_caps_of(test_cfg, 'test_cfg.'))
    for name in ('rpn', 'rcnn'):
        caps.update(_caps_of(test_cfg.get(name), f'test_cfg.{name}.'))
    return caps


def _caps_of(part: dict | None, prefix: str) -> dict[str, int]:
    cap = (part or {}).get('max_per_img')
    return {} if cap is None else {f'{prefix}max_per_img': cap}


def describe_run(runner: Runner, phase: str) -> dict:
    """Config, data, versions and, in a test, the checkpoint.

    ``config`` (text), ``versions``, and where they are known ``ann_file``,
    ``manifest`` and ``checkpoint``, each with ``<name>_sha256`` if it is a
    local file. In training (phase 'val', not 'test') ``load_from`` is what
    training began from, not what is evaluated: it is left out.
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


def _share(runner: Runner, phase: str) -> list[Any]:
    """Tell our metrics of an evaluation, which are returned."""
    loop = getattr(runner, f'{phase}_loop')
    ours = [
        metric
        for metric in getattr(loop.evaluator, 'metrics', [])
        if isinstance(metric, TruthMetric)
    ]
    for metric in ours:
        metric.use_dataset(loop.dataloader.dataset)
        if isinstance(metric, DenseCocoMetric):
            metric.model_caps = find_model_caps(runner.model)
            if metric.detection_file is not None:
                metric.run_info = describe_run(runner, phase)
    return ours
