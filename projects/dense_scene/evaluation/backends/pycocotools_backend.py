"""pycocotools as a backend: the reference."""

import contextlib
import io
from collections.abc import Iterator

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from ..tables.coco_problem import CocoProblem
from .base import CHUNK_IMAGES, CocoBackend


class PycocotoolsBackend(CocoBackend):
    """pycocotools (BSD): the reference, 20 minutes for SKU-110K's test."""

    package = 'pycocotools'

    def _evaluate(
        self,
        problem: CocoProblem,
        max_dets: tuple[int, ...],
        iou_thrs: np.ndarray,
        areas: list,
    ) -> tuple[np.ndarray, np.ndarray]:
        everything = slice(0, len(problem.image_ids))
        evaluator = _evaluator(problem, everything, max_dets, iou_thrs, areas)
        with contextlib.redirect_stdout(io.StringIO()):
            evaluator.evaluate()
            evaluator.accumulate()
        return evaluator.eval['precision'], evaluator.eval['recall']

    def _match(
        self, problem: CocoProblem, max_det: int, iou_thrs: np.ndarray
    ) -> Iterator[dict]:
        for chunk in problem.chunks(CHUNK_IMAGES):
            evaluator = _evaluator(
                problem, chunk, (max_det,), iou_thrs, [(0, 1e10)]
            )
            with contextlib.redirect_stdout(io.StringIO()):
                evaluator.evaluate()
            yield from filter(None, evaluator.evalImgs)


def _evaluator(
    problem: CocoProblem,
    chunk: slice,
    max_dets: tuple[int, ...],
    iou_thrs: np.ndarray,
    areas: list,
) -> COCOeval:
    rows = problem.detection_chunk(chunk)
    found = [
        dict(
            id=row + 1,
            image_id=int(image),
            category_id=int(label),
            bbox=[x, y, w, h],
            area=w * h,
            iscrowd=0,
            score=score,
        )
        for row, (image, x, y, w, h, score, label) in zip(
            rows.tolist(), problem.detection_array(chunk).tolist()
        )
    ]
    evaluator = COCOeval(
        _coco(problem, chunk, problem.annotations(chunk)),
        _coco(problem, chunk, found),
        'bbox',
    )
    evaluator.params.maxDets = list(max_dets)
    evaluator.params.iouThrs = np.array(iou_thrs)
    evaluator.params.areaRng = [list(area) for area in areas]
    evaluator.params.areaRngLbl = [str(n) for n in range(len(areas))]
    return evaluator


def _coco(problem: CocoProblem, chunk: slice, annotations: list[dict]) -> COCO:
    coco = COCO()
    coco.dataset = dict(
        images=problem.images(chunk),
        categories=problem.categories,
        annotations=annotations,
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco
