"""From annotations to a config."""

import os

from mmengine.config import Config

from ...utils.files import whole_file
from .measure import advise_dataset
from .write_config import format_advice


def advise_config(
    ann_file: str,
    base: str,
    scale: tuple[int, int] = (1333, 800),
    anchors: int = 3,
    out: str | None = None,
    seed: int = 0,
    source_format: str | None = None,
    images: str | None = None,
) -> str:
    """Measure a data set and write what follows as a child of a config.

    Args:
        ann_file, scale, anchors, seed, source_format, images: Of
            :func:`advise_dataset`.
        base (str): Of :func:`format_advice`. Anchors are measured with the
            strides of its RPN.
        out (str, optional): Save the config there; its folder is made.
            Defaults to None.

    Returns:
        str: The config.

    Raises:
        FileNotFoundError, ValueError: If a file cannot be used, or ``out``
            does not end with ``.py``.
    """
    # What is quick to find out comes before what takes a minute.
    strides = _read_strides(base)
    if out and not out.endswith('.py'):
        raise ValueError(f'a config must end with .py, but got {out!r}.')
    advice = advise_dataset(
        ann_file, scale, anchors, strides, seed, source_format, images
    )
    text = format_advice(advice, base, os.path.dirname(out or ''))
    if out:
        with whole_file(out) as part:
            part.write_text(text, encoding='utf-8')
    return text


def _read_strides(base: str) -> tuple[int, ...]:
    try:
        cfg = Config.fromfile(base)
    except Exception as error:  # mmengine has no error class for a bad file
        raise ValueError(
            f'base must be a config that loads, but {base!r} does not: {error}'
        ) from error
    rcnn = cfg.get('model', {}).get('train_cfg', {}).get('rcnn')
    evaluators = cfg.get('val_evaluator'), cfg.get('test_evaluator')
    try:
        strides = tuple(cfg.model.rpn_head.anchor_generator.strides)
        fits = all('max_dets' in evaluator for evaluator in evaluators)
    except (AttributeError, TypeError):
        fits = False
    if not fits or not isinstance(rcnn, list):
        raise ValueError(
            'base must be a Cascade R-CNN evaluated with max_dets, such as '
            f'those in configs/cascade_rcnn, but {base!r} is not.'
        )
    return strides
