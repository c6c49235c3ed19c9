"""Advice on a data set, written as a config."""

import os
import re
from pathlib import Path
from textwrap import wrap
from typing import Any

from ...utils.tables import format_table
from .anchor_clusters import THRESHOLDS
from .anchors import AnchorRecall
from .measure import SMALLEST, DatasetAdvice, round_up

# Above it, boxes that are meant as one object are kept twice.
_HIGHEST_NMS = 0.8
# Share of objects that anchors across the border must be worth.
_BORDER_GAIN = 0.001
# An empty line ends a paragraph.
_FIGURES = """\
# {name}: {a.images} images, {a.objects} objects, {num_classes} {classes}.
# Left out: {a.left_out} crowd regions and boxes under a pixel.

# Objects per image: {a.needed} at the 99.5th percentile.

# Resized to {a.scale[0]} x {a.scale[1]} (by {a.resize:.2f}, median),
# sqrt(width x height) of 98% of the objects is {sizes[0]} to {sizes[2]}
# pixels, median {sizes[1]}.

"""
_SMALL = """\
# WARNING: {a.small:.1%} of the objects are under {smallest:.0f} pixels. All
# numbers below hold for this scale; for a larger one run again with --scale
# {larger}.

"""
_RECALL = """\
# Best-possible recall: the share of objects that some anchor of the grid
# overlaps by the IoU; "inside" counts anchors that do not cross the border of
# the image alone. Under an IoU of 0.3 no anchor is ever a positive.
"""
_CONFIG = """
_base_ = {base!r}

model = dict(
    # best-possible recall {reached}; mmdet: {before}
    rpn_head=dict(anchor_generator=dict(
        scales={scales},
        ratios={ratios})),
    train_cfg=dict(
        rpn=dict({border}
            # {a.needed} objects: up to {rpn_pos} positives cover them
            sampler=dict(num={rpn_num}, pos_fraction=0.5)),
        # 8 for each of {a.needed} objects, at least as many as in mmdet; NMS
        # as in testing
        rpn_proposal=dict(
            nms_pre={train}, max_per_img={train},
            nms=dict(iou_threshold={rpn_nms}))),
    test_cfg=dict(
        # IoU with the nearest object: {rpn_floor}
        rpn=dict(
            nms_pre={test}, max_per_img={test},
            nms=dict(iou_threshold={rpn_nms})),
        # {a.needed} objects, rounded up. IoU with the nearest of the same
        # class: {floor}; above 0.5 for {a.close:.2%}
        rcnn=dict(max_per_img={cap}, nms=dict(iou_threshold={nms}))))
# {roi_num} x 0.25 = {roi_pos} positives: two for each of {a.needed} objects,
# or more
for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.update(num={roi_num}, pos_fraction=0.25)
# {num_classes} {classes} in the file
for head in _base_.model.roi_head.bbox_head:
    head.num_classes = {num_classes}
# the scale that all of this holds for
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    for step in loader.dataset.pipeline:
        if 'scale' in step:
            step.scale = {a.scale}
# training varies it, or has it before it crops
for step in _base_.train_dataloader.dataset.pipeline:
    if 'scales' in step:
        step.scales = [({long}, short) for short in {shorts}]
    elif step.type == 'Resize':
        step.scale = {a.scale}
del stage, head, loader, step

# {a.needed_per_class} objects per image and class; recall that the caps
# allow: {bounds}
val_evaluator = dict(max_dets={caps})
test_evaluator = val_evaluator

# The data set is still that of the base. To train on this one, name its
# files: README.md, "Your own data".
"""
_BORDER = """
            # anchors inside the image alone reach {inside:.3f} at IoU 0.5, not
            # {all:.3f}
            allowed_border=-1,"""


# Every rule gives the numbers of configs/cascade_rcnn/*dense-proposal* for the
# 356 objects that 99.5% of the SKU-110K images do not exceed, and never less
# than COCO's defaults.


def rpn_sampler_size(objects: int) -> int:
    """``rpn.sampler.num``: half positive, one an object; a power of two."""
    return max(256, 1 << max(2 * objects - 1, 0).bit_length())


def roi_sampler_size(objects: int) -> int:
    """``rcnn.sampler.num``: a quarter positive, two an object; by 512."""
    return max(512, round_up(objects * 2 / 0.25, 512))


def num_proposals(objects: int, least: int = 1000) -> int:
    """Of the RPN: eight for each object, in steps of 500."""
    return max(least, round_up(objects * 8, 500))


def detection_cap(objects: int) -> int:
    """``max_per_img`` in steps of 100."""
    return max(100, round_up(objects, 100))


def format_advice(advice: DatasetAdvice, base: str, folder: str = '') -> str:
    """A config that loads: the delta from a Cascade R-CNN of this project.

    Every number stands under a comment with the figure that it follows from.

    Args:
        advice (DatasetAdvice): What was measured.
        base (str): The config to inherit from, of a Cascade R-CNN with the
            strides of the advised anchors, evaluated with ``max_dets``.
        folder (str): Where the text will be saved; ``base`` is named relative
            to it. Defaults to '', the current folder.
    """
    values = _values(advice, base, folder)
    small = _SMALL if advice.suggested_scale != advice.scale else ''
    figures = (_FIGURES + small + _RECALL).format(**values).split('\n\n')
    table = ''.join(f'# {row}\n' for row in _table(advice.anchors))
    config = _wrap_comments(_CONFIG.format(**values))
    return ''.join([*map(_wrap_comments, figures), table, config])


def _values(advice: DatasetAdvice, base: str, folder: str) -> dict[str, Any]:
    """What the templates need, beside the advice itself."""
    stock, *_, best = advice.anchors
    rpn_num = rpn_sampler_size(advice.needed)
    roi_num = roi_sampler_size(advice.needed)
    short = min(advice.scale)
    shorts = range(max(32, round(short / 40) * 32), short + 1, 32)
    return dict(
        a=advice,
        name=Path(advice.ann_file).name,
        sizes=[round(size) for size in advice.sizes],
        smallest=SMALLEST,
        larger=' '.join(map(str, advice.suggested_scale)),
        base=Path(os.path.relpath(base, folder or os.curdir)).as_posix(),
        reached=_recalls(best),
        before=_recalls(stock),
        scales=list(best.anchors.scales),
        ratios=list(best.anchors.ratios),
        border=_border(best),
        rpn_num=rpn_num,
        rpn_pos=rpn_num // 2,
        train=num_proposals(advice.needed, least=2000),
        test=num_proposals(advice.needed),
        rpn_nms=_nms(advice.overlap, 0.7),
        rpn_floor=_explain_nms(advice.overlap),
        cap=detection_cap(advice.needed),
        nms=_nms(advice.overlap_in_class, 0.5),
        floor=_explain_nms(advice.overlap_in_class),
        roi_num=roi_num,
        roi_pos=roi_num // 4,
        num_classes=len(advice.classes),
        classes='class' if len(advice.classes) == 1 else 'classes',
        long=max(advice.scale),
        shorts=shorts or [short],
        bounds=', '.join(f'{r:.3f} at {n}' for n, r in advice.bounds.items()),
        caps=tuple(advice.bounds),
    )


def _recalls(row: AnchorRecall) -> str:
    return ', '.join(f'{row.recall[t]:.3f} at IoU {t}' for t in THRESHOLDS)


def _table(rows: list[AnchorRecall]) -> list[str]:
    head = ['scales', 'ratios']
    head += [f'@{t}{where}' for where in ('', ' inside') for t in THRESHOLDS]
    cells = []
    for row in rows:
        shapes = row.anchors.scales, row.anchors.ratios
        shares = *row.recall.values(), *row.recall_inside.values(), row.below
        texts = [' '.join(f'{value:g}' for value in part) for part in shapes]
        cells.append(texts + [f'{share:.3f}' for share in shares])
    return format_table([*head, '< 0.3'], cells).splitlines()


def _border(best: AnchorRecall) -> str:
    """``allowed_border`` where anchors across the border count."""
    reached, inside = best.recall[0.5], best.recall_inside[0.5]
    gains = reached - inside >= _BORDER_GAIN
    return _BORDER.format(inside=inside, all=reached) if gains else ''


def _nms(overlap: float, default: float) -> float:
    # Touching objects overlap by what rounding leaves.
    floor = round_up(round(overlap, 3) * 20, 1) / 20
    return min(max(default, floor), max(default, _HIGHEST_NMS))


def _explain_nms(overlap: float) -> str:
    more = ', and soft-NMS keeps more' if overlap > _HIGHEST_NMS else ''
    least = f'so no threshold below {_nms(overlap, 0):g}{more}'
    return f'at most {overlap:.2f} for 99.5% of the objects, {least}'


def _wrap_comments(text: str) -> str:
    """Comments, of one line or several, in lines of 79 columns."""

    def fill(match: re.Match) -> str:
        start = match[1] + '# '
        words = ' '.join(line.strip()[2:] for line in match[0].splitlines())
        lines = wrap(words, 79, initial_indent=start, subsequent_indent=start)
        return '\n'.join(lines) + '\n'

    return re.sub(r'^( *)# .*\n?(?: *# .*\n?)*', fill, text, flags=re.M)
