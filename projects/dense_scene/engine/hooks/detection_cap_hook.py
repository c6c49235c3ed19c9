"""Tell the metric what it cannot see: the model's limits and the run."""

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ...evaluation.dense_coco_metric import DenseCocoMetric
from ...evaluation.run_info import describe_run


@HOOKS.register_module()
class DetectionCapHook(Hook):
    """Let :class:`DenseCocoMetric` warn of a ``max_per_img`` too low.

    A metric sees neither the model nor the config. Before each evaluation this
    hook reads ``max_per_img`` from the model's ``test_cfg`` (with ``rpn`` and
    ``rcnn`` where it has them) into ``model_caps`` of the metrics, which
    compare it with the annotations; and what :func:`describe_run` tells into
    ``run_info`` of those that write a ``detection_file``.

    Example:
        >>> custom_hooks = [dict(type='DetectionCapHook')]
    """

    def before_val(self, runner: Runner) -> None:
        """Fill in the metrics of ``val_evaluator``."""
        _share(runner, 'val')

    def before_test(self, runner: Runner) -> None:
        """Fill in the metrics of ``test_evaluator``."""
        _share(runner, 'test')


def find_model_caps(test_cfg: dict | None) -> dict[str, int]:
    """Every ``max_per_img`` of a detector's ``test_cfg``, by name."""
    parts = {'': test_cfg or {}}
    for name in ('rpn', 'rcnn'):
        parts[f'{name}.'] = parts[''].get(name) or {}
    return {
        f'{prefix}max_per_img': part['max_per_img']
        for prefix, part in parts.items()
        if 'max_per_img' in part
    }


def _share(runner: Runner, phase: str) -> None:
    model = runner.model
    if is_model_wrapper(model):
        model = model.module
    caps = find_model_caps(getattr(model, 'test_cfg', None))
    evaluator = getattr(runner, f'{phase}_evaluator')
    for metric in getattr(evaluator, 'metrics', []):
        if isinstance(metric, DenseCocoMetric):
            metric.model_caps = caps
            if metric.detection_file is not None:
                metric.run_info = describe_run(runner, phase)
