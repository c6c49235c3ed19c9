"""COCO evaluators behind one interface; none is patched into another."""

import contextlib
import io
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..utils import checks
from .tables.coco_parts import split_coco
from .tables.coco_tables import AREA_RANGES, IOU_THRS, CocoTables
from .tables.detections import Detections
from .tables.ground_truth import GroundTruth
from .tables.matches import Matches

# Libraries keep the IoU of all pairs and results of all images of a part:
# 16 dense images are megabytes, a test split gigabytes.
_PART_IMAGES = 16


class CocoBackend:
    """An adapter of a library to columns in and tables out.

    All backends give the same numbers. ``summarize()`` of the libraries is not
    used: pycocotools' is fixed to 100 detections, others take the last of
    max_dets; the tables hold all. A subclass gives ``evaluator``, the
    library's ``COCOeval`` of a part, evaluated, and ``accumulate``, that of
    everything, with ``eval`` filled in.
    """

    package: str

    def evaluate(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_dets: Sequence[int] = (100, 300),
    ) -> CocoTables:
        """Compute precision and recall.

        Args:
            ground_truth (GroundTruth): What is there.
            detections (Detections): What was found; any number per image.
            max_dets (Sequence[int]): How many of them count, by score, per
                image and class; rising. Defaults to (100, 300).
        """
        table = self.accumulate(ground_truth, detections, max_dets).eval
        return CocoTables(
            table['precision'],
            table['recall'],
            tuple(max_dets),
            f'{self.package} {version(self.package)}',
        )

    def match(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_dets: int = 300,
        iou_thrs: Sequence[float] = IOU_THRS,
    ) -> Matches:
        """Match detections to objects of all sizes, for analyses."""
        empty = np.zeros((len(iou_thrs), 0), np.int64)
        columns = [(empty[0], empty[0], empty, empty.astype(bool))]
        for part in split_coco(ground_truth, detections, _PART_IMAGES):
            evaluator = self.evaluator(part, [max_dets], iou_thrs)
            for image in filter(None, evaluator.evalImgs):
                # The libraries number the detections of a part from 1.
                found = np.array(image['dtIds'], np.int64) - 1
                shape = len(iou_thrs), len(found)
                objects = np.array(image['dtMatches'], np.int64) - 1
                ignored = np.array(image['dtIgnore'], bool)
                columns.append(
                    (
                        part.rows[found],
                        np.arange(len(found)),
                        objects.reshape(shape),
                        ignored.reshape(shape),
                    )
                )
        joined = (np.concatenate(parts, axis=-1) for parts in zip(*columns))
        return Matches(*joined, len(ground_truth))

    def accumulate(
        self, truth: GroundTruth, found: Detections, max_dets: Sequence[int]
    ) -> Any:
        """See above; here from one part with everything."""
        (part,) = split_coco(truth, found)
        evaluator = self.evaluator(part, max_dets, areas=AREA_RANGES)
        with contextlib.redirect_stdout(io.StringIO()):
            evaluator.accumulate()
        return evaluator


class HotcocoBackend(CocoBackend):
    """hotcoco (MIT, Rust): the fast one."""

    package = 'hotcoco'

    def accumulate(self, truth, found, max_dets) -> Any:
        """By the streaming evaluator, in a third of ``COCOeval``'s memory."""
        import hotcoco

        params, stream = hotcoco.Params('bbox'), None
        _set(params, max_dets, IOU_THRS, AREA_RANGES)
        for part in split_coco(truth, found, _PART_IMAGES):
            stream = stream or hotcoco.StreamingEval(
                part.categories, 'bbox', params=params
            )
            stream.update(part.images, part.annotations, part.detections)
        evaluator = stream.finalize()
        evaluator.accumulate()
        return evaluator

    def evaluator(self, part, max_dets, iou_thrs, areas=None) -> Any:
        """See :class:`CocoBackend`."""
        import hotcoco

        truth = hotcoco.COCO(part.truth)
        found = truth.load_res(part.detections)
        evaluator = hotcoco.COCOeval(truth, found, 'bbox')
        _set(evaluator.params, max_dets, iou_thrs, areas)
        evaluator.evaluate()
        return evaluator

    def slice_aps(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_dets: int,
        slices: dict[str, Sequence[int]],
    ) -> dict[str, float]:
        """The AP of some images alone, for many choices of images.

        Args:
            ground_truth, detections, max_dets: As in :meth:`match`.
            slices (dict[str, Sequence[int]]): By name, places of images among
                all by rising id.
        """
        evaluator = self.accumulate(ground_truth, detections, [max_dets])
        cut = evaluator.slice_by(slices)
        return {name: cut[name]['AP'] for name in slices}


class PycocotoolsBackend(CocoBackend):
    """pycocotools (BSD): the reference, 20 minutes for SKU-110K's test."""

    package = 'pycocotools'

    def evaluator(self, part, max_dets, iou_thrs=IOU_THRS, areas=None) -> Any:
        """See :class:`CocoBackend`."""
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        truth = COCO()
        truth.dataset = part.truth
        with contextlib.redirect_stdout(io.StringIO()):
            truth.createIndex()
            # loadRes cannot take an empty array.
            some = len(part.detections)
            found = truth.loadRes(part.detections) if some else COCO()
            evaluator = COCOeval(truth, found, 'bbox')
            _set(evaluator.params, max_dets, iou_thrs, areas)
            evaluator.evaluate()
        return evaluator


def load_backend(name: str = 'auto') -> CocoBackend:
    """The evaluator of this name.

    Args:
        name (str): 'hotcoco', 'pycocotools', or 'auto': the first of them
            that is installed. Defaults to 'auto'.

    Raises:
        ValueError: If there is no backend of this name.
        ImportError: If its library is not installed.
    """
    known = dict(hotcoco=HotcocoBackend, pycocotools=PycocotoolsBackend)
    checks.choice('backend', name, ['auto', *known])
    if name == 'auto':
        name = next(filter(find_spec, known), 'hotcoco')
    if not find_spec(name):
        raise ImportError(
            f'backend {name!r} must be installed. Run: pip install {name}'
        )
    return known[name]()


def _set(
    params: Any,
    max_dets: Sequence[int],
    iou_thrs: Sequence[float],
    areas: dict[str, tuple[float, float]] | None,
) -> None:
    areas = areas or {'all': AREA_RANGES['all']}
    # hotcoco hands out copies: only whole values can be set.
    params.maxDets = list(max_dets)
    params.iouThrs = np.asarray(iou_thrs).tolist()
    params.areaRng = [list(area) for area in areas.values()]
    params.areaRngLbl = list(areas)
