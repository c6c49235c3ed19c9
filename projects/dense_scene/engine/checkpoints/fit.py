"""Do a checkpoint's parts fit the run that reads them?"""

from typing import Any

from torch import nn


def find_unfit(model: nn.Module, weights: dict) -> dict[str, tuple]:
    """A model's tensors that a checkpoint lacks or has in another shape.

    Args:
        model (nn.Module): What loads them; 'module.' in front of names of the
            checkpoint is left out, as mmengine does.
        weights (dict[str, Tensor]): The checkpoint's ``state_dict``. More in
            it is fine.

    Returns:
        dict[str, tuple]: By name the shape of the model's, and of the
        checkpoint's or None.
    """
    shapes = {
        key.removeprefix('module.'): getattr(value, 'shape', None)
        for key, value in weights.items()
    }
    return {
        key: (value.shape, shapes.get(key))
        for key, value in _loaded(model).items()
        if shapes.get(key) != value.shape
    }


def _loaded(model: nn.Module) -> dict[str, Any]:
    """Without counts that old files lack and nothing uses; only tensors."""
    return {
        key: value
        for key, value in model.state_dict().items()
        if not key.endswith('num_batches_tracked') and hasattr(value, 'shape')
    }


def weights_fault(model: nn.Module, weights: dict) -> tuple[int, str | None]:
    """How many of a model's tensors are missing or of another shape.

    Args:
        model, weights: Of :func:`find_unfit`.

    Returns:
        tuple: The number of tensors that fit, and a phrase that names the
        first that does not; None if all do.
    """
    total, unfit = len(_loaded(model)), find_unfit(model, weights)
    if not unfit:
        return total, None
    first, (want, got) = next(iter(unfit.items()))
    told = 'is missing' if got is None else f'is {_shape(got)}'
    return total - len(unfit), (
        f'{len(unfit)} of its {total} tensors do not fit, the first is '
        f'{first}: it must be {_shape(want)}, but {told}'
    )


def state_fault(checkpoint: dict, optim_wrapper: Any) -> str | None:
    """Why a training cannot go on from a checkpoint, or None."""
    for key in ('meta', 'message_hub'):
        if key not in checkpoint:
            return f'it holds no {key}'
    for key in ('epoch', 'iter'):
        value = checkpoint['meta'].get(key)
        if type(value) is not int or value < 0:
            return f'its {key} is {value!r}'
    schedulers = checkpoint.get('param_schedulers', [])
    if isinstance(schedulers, dict):
        schedulers = [part for parts in schedulers.values() for part in parts]
    if not all(isinstance(part, dict) for part in schedulers):
        return 'its param_schedulers are none'
    try:
        return _optimizer_fault(checkpoint, optim_wrapper)
    except (KeyError, TypeError, AttributeError):
        return 'its optimizer is none'


def _optimizer_fault(checkpoint: dict, optim_wrapper: Any) -> str | None:
    # Not those of the wrapper, which lists one more where there are several.
    optimizer = getattr(optim_wrapper, 'optimizer', None)
    groups = getattr(optimizer, 'param_groups', None)
    if 'optimizer' not in checkpoint or not isinstance(groups, list):
        return None
    saved = checkpoint['optimizer']['param_groups']
    want = [len(group['params']) for group in groups]
    got = [len(group['params']) for group in saved]
    if want == got:
        return None
    return f'its optimizer has {sum(got)} parameters, not {sum(want)}'


def _shape(shape: Any) -> str:
    return 'x'.join(map(str, shape)) or 'a number'
