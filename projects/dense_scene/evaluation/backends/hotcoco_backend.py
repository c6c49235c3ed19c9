"""The hotcoco library as a backend."""

from collections.abc import Iterator

import hotcoco
import numpy as np

from ..tables.coco_problem import CocoProblem
from .base import CHUNK_IMAGES, CocoBackend


class HotcocoBackend(CocoBackend):
    """hotcoco (MIT, Rust): the fast one.

    Images are fed to its streaming evaluator in chunks, which needs a third of
    the memory of its ``COCOeval`` and gives the same arrays.
    """

    package = 'hotcoco'

    def _evaluate(
        self,
        problem: CocoProblem,
        max_dets: tuple[int, ...],
        iou_thrs: np.ndarray,
        areas: list,
    ) -> tuple[np.ndarray, np.ndarray]:
        params = _params(max_dets, iou_thrs, areas)
        stream = hotcoco.StreamingEval(
            problem.categories, 'bbox', params=params
        )
        for chunk in problem.chunks(CHUNK_IMAGES):
            stream.update(
                problem.images(chunk),
                problem.annotations(chunk),
                problem.detection_array(chunk),
            )
        evaluator = stream.finalize()
        evaluator.accumulate()
        return evaluator.eval['precision'], evaluator.eval['recall']

    def _match(
        self, problem: CocoProblem, max_det: int, iou_thrs: np.ndarray
    ) -> Iterator[dict]:
        for chunk in problem.chunks(CHUNK_IMAGES):
            truth = hotcoco.COCO(
                dict(
                    images=problem.images(chunk),
                    categories=problem.categories,
                    annotations=problem.annotations(chunk),
                )
            )
            rows = problem.detection_chunk(chunk)
            found = truth.load_res(problem.detection_array(chunk))
            evaluator = hotcoco.COCOeval(truth, found, 'bbox')
            for name, value in _settings(
                (max_det,), iou_thrs, [(0, 1e10)]
            ).items():
                setattr(evaluator.params, name, value)
            evaluator.evaluate()
            for image in evaluator.eval_imgs:
                if image is not None:
                    # It numbers the rows of the array from 1.
                    ids = np.array(image['dtIds'], np.int64)
                    yield {**image, 'dtIds': rows[ids - 1] + 1}


def _settings(
    max_dets: tuple[int, ...], iou_thrs: np.ndarray, areas: list
) -> dict:
    return dict(
        max_dets=list(max_dets),
        iou_thrs=np.asarray(iou_thrs).tolist(),
        area_rng=[list(area) for area in areas],
        area_rng_lbl=[str(number) for number in range(len(areas))],
    )


def _params(*settings) -> hotcoco.Params:
    params = hotcoco.Params('bbox')
    for name, value in _settings(*settings).items():
        # It hands out copies: only whole values can be set.
        setattr(params, name, value)
    return params
