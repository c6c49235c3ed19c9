"""From annotations to a config."""

import os

from mmengine.config import Config

from ...utils import checks
from ...utils.files import write_text
from .measure import advise_dataset
from .write_config import format_advice


def advise_config(base: str, out: str | None = None, **settings) -> str:
    """Measure a data set and write what follows as a child of a config.

    Args:
        base (str): Of :func:`format_advice`. Anchors are measured with the
            strides of its RPN.
        out (str, optional): Save the config there. Defaults to None.
        settings: Of :func:`advise_dataset`.
    """
    # What is quick to find out comes before what takes a minute.
    strides = _read_strides(base)
    if out:
        checks.suffix('a config', out, ['.py'])
    advice = advise_dataset(strides=strides, **settings)
    text = format_advice(advice, base, os.path.dirname(out or ''))
    if out:
        write_text(out, [text])
    return text


def _read_strides(base: str) -> tuple[int, ...]:
    try:
        cfg = Config.fromfile(base, import_custom_modules=False)
    except Exception as error:  # mmengine has no error class for a bad file
        what = f'base must be a config that loads, but {base!r} does not'
        raise ValueError(f'{what}: {error}') from error
    try:
        strides = tuple(cfg.model.rpn_head.anchor_generator.strides)
        fits = isinstance(cfg.model.train_cfg.rcnn, list)
        fits &= 'max_dets' in cfg.val_evaluator
        fits &= 'max_dets' in cfg.test_evaluator
    except (AttributeError, TypeError):
        fits = False
    if not fits:
        what = 'base must be a Cascade R-CNN evaluated with max_dets'
        raise ValueError(f'{what}, but {base!r} is not.')
    return strides
