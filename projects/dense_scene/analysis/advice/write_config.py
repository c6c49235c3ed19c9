"""Advice on a data set, written as a config."""

import os
from pathlib import Path
from textwrap import wrap

from terminaltables import AsciiTable

from .anchor_clusters import THRESHOLDS
from .anchors import AnchorRecall
from .measure import SMALLEST, DatasetAdvice
from .sample_sizes import (
    detection_cap,
    num_proposals,
    roi_sampler_size,
    round_up,
    rpn_sampler_size,
)

# Above it, boxes that are meant as one object are kept twice.
_HIGHEST_NMS = 0.8
# The annotation file does not say where the images are.
_DATA = (
    '# The data set is still that of the base. To train on this one, name\n'
    '# its files: README.md, "Your own data".\n'
)
# Share of objects that anchors across the border must be worth.
_BORDER_GAIN = 0.001


def format_advice(advice: DatasetAdvice, base: str, folder: str = '') -> str:
    """A config that loads: the delta from a Cascade R-CNN of this project.

    Every number stands under a comment with the figure that it follows from.

    Args:
        advice (DatasetAdvice): What was measured.
        base (str): The config file to inherit from. Its
            ``roi_head.bbox_head`` and ``train_cfg.rcnn`` are lists, one item
            per stage, its RPN has the strides of the advised anchors, and
            its evaluator takes ``max_dets``.
        folder (str): Where the text will be saved; ``base`` is named relative
            to it. Defaults to '', the current folder.
    """
    base = Path(os.path.relpath(base, folder or os.curdir)).as_posix()
    return '\n'.join(
        (
            _figures(advice),
            f'_base_ = {base!r}\n',
            _model(advice),
            _loops(advice),
            _evaluator(advice),
            _DATA,
        )
    )


def _figures(advice: DatasetAdvice) -> str:
    """What was measured, as comments; a table last."""
    long_side, short_side = advice.scale
    low, middle, high = advice.sizes
    parts = [
        f'{os.path.basename(os.path.normpath(advice.ann_file))}: '
        f'{advice.images} images, '
        f'{advice.objects} objects, {_plural(len(advice.classes))}. Left out: '
        f'{advice.left_out} crowd regions and boxes under a pixel.',
        f'Objects per image: {advice.needed} at the 99.5th percentile.',
        f'Resized to {long_side} x {short_side} (by {advice.resize:.2f}, '
        f'median), sqrt(width x height) of 98% of the objects is {low:.0f} to '
        f'{high:.0f} pixels, median {middle:.0f}.',
        'Best-possible recall: the share of objects that some anchor of the '
        'grid overlaps by the IoU; "inside" counts anchors that do not cross '
        'the border of the image alone. Under an IoU of 0.3 no anchor is ever '
        'a positive.',
    ]
    if advice.suggested_scale != advice.scale:
        parts.insert(3, _warn_small(advice))
    table = [
        f'# {line}'.rstrip() for line in _table(advice.anchors).splitlines()
    ]
    return '\n'.join([*map(_comment, parts), *table, ''])


def _warn_small(advice: DatasetAdvice) -> str:
    suggestion = ' '.join(map(str, advice.suggested_scale))
    return (
        f'WARNING: {advice.small:.1%} of the objects are under '
        f'{SMALLEST:.0f} pixels. All numbers below hold for this scale; '
        f'for a larger one run again with --scale {suggestion}.'
    )


def _table(rows: list[AnchorRecall]) -> str:
    head = ['scales', 'ratios']
    head += [f'@{t}{where}' for where in ('', ' inside') for t in THRESHOLDS]
    lines = [
        [
            _list(row.anchors.scales),
            _list(row.anchors.ratios),
            *(
                f'{found[t]:.3f}'
                for found in (row.recall, row.recall_inside)
                for t in THRESHOLDS
            ),
            f'{row.below:.3f}',
        ]
        for row in rows
    ]
    table = AsciiTable([[*head, '< 0.3'], *lines])
    table.inner_column_border = table.outer_border = False
    return table.table


def _model(advice: DatasetAdvice) -> str:
    stock, *_, best = advice.anchors
    rpn, cap = rpn_sampler_size(advice.needed), detection_cap(advice.needed)
    train = num_proposals(advice.needed, least=2000)
    test = num_proposals(advice.needed)
    anchors = (
        f'scales={list(best.anchors.scales)}, '
        f'ratios={list(best.anchors.ratios)}'
    )
    reached, before = (
        ', '.join(f'{row.recall[t]:.3f} at IoU {t}' for t in THRESHOLDS)
        for row in (best, stock)
    )
    proposal_nms = _nms_floor(advice.overlap, 0.7)
    final_nms = _nms_floor(advice.overlap_in_class, 0.5)
    lines = [
        'model = dict(',
        _comment(f'best-possible recall {reached}; mmdet: {before}', 4),
        '    rpn_head=dict(anchor_generator=dict(',
        *('        ' + line for line in _split(anchors)),
        '    train_cfg=dict(',
        '        rpn=dict(',
        _comment(
            f'{advice.needed} objects: up to {rpn // 2} positives cover them',
            12,
        ),
        f'            sampler=dict(num={rpn}, pos_fraction=0.5)'
        + _border(best),
        _comment(
            f'8 for each of {advice.needed} objects, at least as many '
            'as in mmdet; NMS as in testing',
            8,
        ),
        _proposals('rpn_proposal', train, proposal_nms) + '),',
        '    test_cfg=dict(',
        _comment(_explain_nms(advice.overlap, 'object'), 8),
        _proposals('rpn', test, proposal_nms) + ',',
        _comment(
            f'{advice.needed} objects, rounded up. '
            + _explain_nms(advice.overlap_in_class, 'of the same class')
            + f'; above 0.5 for {advice.close:.2%}',
            8,
        ),
        f'        rcnn=dict(max_per_img={cap}, '
        f'nms=dict(iou_threshold={final_nms}))))',
    ]
    return '\n'.join(lines)


def _border(best: AnchorRecall) -> str:
    """Ends the RPN's part, with ``allowed_border`` where it counts."""
    low = THRESHOLDS[0]
    if best.recall[low] - best.recall_inside[low] < _BORDER_GAIN:
        return '),'
    return '\n'.join(
        (
            ',',
            _comment(
                f'anchors inside the image alone reach '
                f'{best.recall_inside[low]:.3f} at IoU {low}, not '
                f'{best.recall[low]:.3f}',
                12,
            ),
            '            allowed_border=-1),',
        )
    )


def _proposals(name: str, number: int, nms: float) -> str:
    return (
        f'        {name}=dict(\n'
        f'            nms_pre={number}, max_per_img={number},\n'
        f'            nms=dict(iou_threshold={nms}))'
    )


def _nms_floor(overlap: float, default: float) -> float:
    # Touching objects overlap by what rounding leaves.
    floor = round_up(round(overlap, 3) * 20, 1) / 20
    return min(max(default, floor), max(default, _HIGHEST_NMS))


def _explain_nms(overlap: float, whom: str) -> str:
    return (
        f'IoU with the nearest {whom}: at most {overlap:.2f} for 99.5% of '
        f'the objects, so no threshold below {_nms_floor(overlap, 0):g}'
        + (', and soft-NMS keeps more' if overlap > _HIGHEST_NMS else '')
    )


def _loops(advice: DatasetAdvice) -> str:
    rois = roi_sampler_size(advice.needed)
    short = min(advice.scale)
    shorts = range(max(32, round(short / 40) * 32), short + 1, 32) or [short]
    scales = [(max(advice.scale), side) for side in shorts]
    return '\n'.join(
        (
            _comment(
                f'{rois} x 0.25 = {rois // 4} positives: two for each of '
                f'{advice.needed} objects, or more'
            ),
            'for stage in _base_.model.train_cfg.rcnn:',
            f'    stage.sampler.update(num={rois}, pos_fraction=0.25)',
            _comment(f'{_plural(len(advice.classes))} in the file'),
            'for head in _base_.model.roi_head.bbox_head:',
            f'    head.num_classes = {len(advice.classes)}',
            _comment('the scale that all of this holds for'),
            'for loader in (_base_.val_dataloader, _base_.test_dataloader):',
            '    for step in loader.dataset.pipeline:',
            "        if 'scale' in step:",
            f'            step.scale = {advice.scale}',
            _comment('training varies it, or has it before it crops'),
            'for step in _base_.train_dataloader.dataset.pipeline:',
            "    if 'scales' in step:",
            '        step.scales = [',
            *(' ' * 12 + str(scale) + ',' for scale in scales),
            '        ]',
            "    elif step.type == 'Resize':",
            f'        step.scale = {advice.scale}',
            'del stage, head, loader, step\n',
        )
    )


def _evaluator(advice: DatasetAdvice) -> str:
    allowed = ', '.join(
        f'{bound:.3f} at {cap}' for cap, bound in advice.bounds.items()
    )
    return '\n'.join(
        (
            _comment(
                f'{advice.needed_per_class} objects per image and class; '
                f'recall that the caps allow: {allowed}'
            ),
            f'val_evaluator = dict(max_dets={tuple(advice.bounds)})',
            'test_evaluator = val_evaluator\n',
        )
    )


def _comment(text: str, left: int = 0) -> str:
    start = ' ' * left + '# '
    return '\n'.join(
        wrap(text, 79, initial_indent=start, subsequent_indent=start)
    )


def _split(arguments: str) -> list[str]:
    return wrap(arguments + ')),', 70)


def _list(values: tuple[float, ...]) -> str:
    return ' '.join(f'{value:g}' for value in values)


def _plural(number: int) -> str:
    return f'{number} class' + ('es' if number > 1 else '')
