"""Detections evaluated again under other settings, without inference."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from ...utils import checks
from ...utils.progress import track_on_stderr
from ...utils.scores import are_above
from ..backends import load_backend
from ..tables.coco_summary import format_summary, summarize
from ..tables.detections import Detections
from .files import read_evaluation


def suppress(detections: Detections, iou_thr: float) -> Detections:
    """What NMS leaves of each image and class, in the given order.

    The op and the precision (float32) of mmdet's heads, so that raw
    detections stored at a high threshold give what a test at this one would.

    A box that overlaps a better one by more than ``iou_thr`` is dropped.
    """
    # torch takes seconds to load, and only this needs it.
    import torch
    from mmcv.ops import batched_nms

    boxes = torch.from_numpy(detections.boxes).float()
    scores = torch.from_numpy(detections.scores).float()
    labels = torch.from_numpy(detections.labels)
    keep = np.zeros(len(detections), bool)
    for rows in detections.group(np.unique(detections.image_ids)):
        columns = boxes[rows], scores[rows], labels[rows]
        nms = dict(type='nms', iou_threshold=iou_thr)
        keep[rows[batched_nms(*columns, nms)[1].numpy()]] = True
    return detections.take(keep)


def evaluate_detections(
    detections: str,
    ann_file: str,
    max_dets: Sequence[int] = (100, 300),
    nms_ious: Sequence[float] = (),
    score_thrs: Sequence[float] = (),
    backend: str = 'auto',
) -> list[dict]:
    """Evaluate a file of detections under every combination of settings.

    Thresholds can only be made stricter than they were at inference: what
    the detector dropped is not in the file.

    Args:
        detections, ann_file (str): See :func:`read_evaluation`.
        max_dets, backend: Of :class:`DenseCocoMetric`.
        nms_ious (Sequence[float]): IoU thresholds of another NMS. Defaults to
            (): none.
        score_thrs (Sequence[float]): Keep detections above, as mmdet's heads
            do. Defaults to (): all.

    Returns:
        list[dict]: Per setting ``nms_iou`` and ``score_thr`` (None: none),
        ``note`` (why there is no number, or ''), ``images``, ``objects``,
        ``detections``, ``nan_boxes``, ``evaluator``,
        ``table`` (text), and the values of :class:`DenseCocoMetric` such as
        ``bbox_mAP_at300`` and ``recall_bound_at300``.
    """
    evaluator = load_backend(backend)
    max_dets = checks.positive_integers('max_dets', max_dets)
    for iou in nms_ious:
        checks.number('nms_iou', iou, '[0, 1]')
    for score in score_thrs:
        checks.number('score_thr', score, '[0, 1]')
    truth, store = read_evaluation(detections, ann_file)
    found, nan_boxes = store.detections.drop_nan()
    settings = list(product(nms_ious or (None,), score_thrs or (None,)))
    counts = truth.counts(by_class=True)
    results = []
    for nms_iou, score_thr in track_on_stderr(settings, 'Evaluating'):
        chosen = found
        if score_thr is not None:
            chosen = chosen.take(are_above(chosen.scores, score_thr))
        if nms_iou is not None:
            chosen = suppress(chosen, nms_iou)
        tables = evaluator.evaluate(truth, chosen, max_dets)
        values = summarize(tables, counts)
        results.append(
            dict(
                values,
                nms_iou=nms_iou,
                score_thr=score_thr,
                note=truth.nothing_to_find(),
                images=len(counts),
                objects=int(counts.sum()),
                detections=len(chosen),
                nan_boxes=nan_boxes,
                evaluator=tables.backend,
                table=format_summary(tables, values),
            )
        )
    return results


def format_results(results: Sequence[dict]) -> str:
    """One table per setting, with what it is about."""
    line = '{images} images, {objects} objects; {evaluator}'
    lines = [line.format(**results[0])]
    if note := results[0]['note']:
        lines.append(note)
    if nan_boxes := results[0]['nan_boxes']:
        fault = 'hold NaN or infinity and are not scored'
        lines.append(f'{nan_boxes} detections {fault}')
    for result in results:
        heading = [f'{result["detections"]} detections']
        if result['nms_iou'] is not None:
            heading.append(f'NMS at IoU {result["nms_iou"]:g}')
        if result['score_thr'] is not None:
            heading.append(f'score above {result["score_thr"]:g}')
        lines += ['', ', '.join(heading), result['table']]
    return '\n'.join(lines)
