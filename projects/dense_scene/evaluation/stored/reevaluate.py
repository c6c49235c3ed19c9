"""Detections evaluated again under other settings, without inference."""

from collections.abc import Sequence
from itertools import product

from rich.console import Console
from rich.progress import track

from ..backends import load_backend
from ..backends.base import check_max_dets
from ..tables.coco_summary import format_summary, summarize, summarize_bounds
from ..tables.detections import Detections
from .files import read_evaluation
from .suppress import suppress


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
        max_dets (Sequence[int]): Caps per image and class.
            Defaults to (100, 300).
        nms_ious (Sequence[float]): IoU thresholds of another NMS. Defaults to
            (): none.
        score_thrs (Sequence[float]): Keep detections above, as mmdet's heads
            do. Defaults to (): all.
        backend (str): See :func:`load_backend`. Defaults to 'auto'.

    Returns:
        list[dict]: Per setting ``nms_iou`` and ``score_thr`` (None: none),
        ``images``, ``objects``, ``detections``, ``nan_boxes``, ``evaluator``,
        ``table`` (text), and the values of :class:`DenseCocoMetric` such as
        ``bbox_mAP@300`` and ``recall_bound@300``.

    Raises:
        FileNotFoundError, ValueError: If a file or a setting is wrong.
    """
    evaluator, caps = load_backend(backend), check_max_dets(max_dets)
    for score_thr in score_thrs:
        if not 0 <= score_thr <= 1:
            raise ValueError(
                'a score threshold must be from 0 to 1, but got '
                f'{score_thr}. Correct it.'
            )
    truth, store = read_evaluation(detections, ann_file)
    found, nan_boxes = store.detections.drop_nan()
    settings = list(product(nms_ious or (None,), score_thrs or (None,)))
    bounds = summarize_bounds(truth.counts(by_class=True), caps)
    results = []
    for nms_iou, score_thr in track(
        settings, 'Evaluating', console=Console(stderr=True), transient=True
    ):
        chosen = _choose(found, nms_iou, score_thr)
        tables = evaluator.evaluate(truth, chosen, caps)
        values = {**summarize(tables), **bounds}
        results.append(
            dict(
                values,
                nms_iou=nms_iou,
                score_thr=score_thr,
                images=len(truth.images),
                objects=int(truth.counts().sum()),
                detections=len(chosen),
                nan_boxes=nan_boxes,
                evaluator=tables.backend,
                table=format_summary(tables, values),
            )
        )
    return results


def format_results(results: Sequence[dict]) -> str:
    """One table per setting, with what it is about."""
    first = results[0]
    lines = [
        f'{first["images"]} images, {first["objects"]} objects; '
        f'{first["evaluator"]}'
    ]
    if first['nan_boxes']:
        lines.append(
            f'{first["nan_boxes"]} detections hold NaN or infinity '
            'and are not scored'
        )
    for result in results:
        heading = [f'{result["detections"]} detections']
        if result['nms_iou'] is not None:
            heading.append(f'NMS at IoU {result["nms_iou"]:g}')
        if result['score_thr'] is not None:
            heading.append(f'score above {result["score_thr"]:g}')
        lines += ['', ', '.join(heading), result['table']]
    return '\n'.join(lines)


def _choose(
    found: Detections, nms_iou: float | None, score_thr: float | None
) -> Detections:
    if score_thr is not None:
        found = found.take(found.scores > score_thr)
    return found if nms_iou is None else suppress(found, nms_iou)
