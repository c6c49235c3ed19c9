"""COCO evaluators behind one interface; none is patched into another."""

import contextlib
import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..utils import checks
from .tables.coco_parts import CocoPart, split_coco
from .tables.coco_tables import AREA_RANGES, IOU_THRS, CocoTables
from .tables.detections import Detections
from .tables.ground_truth import GroundTruth
from .tables.matches import Matches

# Libraries keep the IoU of all pairs and results of all images of a part:
# 16 dense images are megabytes, a test split gigabytes.
_PART_IMAGES = 16
# A pair takes some 15 bytes there: 2 ** 24 are 250 MB.
_PART_PAIRS = 1 << 24
# Bytes of the table of precision, of which libraries hold several copies.
_LARGEST_TABLE = 1 << 30

Thresholds = Sequence[float] | np.ndarray
Areas = Mapping[str, tuple[float, float]]


class CocoBackend(ABC):
    """An adapter of a library to columns in and tables out.

    All backends give the same numbers. ``summarize()`` of the libraries is not
    used: pycocotools' is fixed to 100 detections, others take the last of
    max_dets; the tables hold all.
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
            ground_truth, detections: What is there, and what was found.
            max_dets (Sequence[int]): How many of them count, by score, per
                image and class; rising. Defaults to (100, 300).
        """
        _require_memory(len(ground_truth.classes), len(max_dets))
        table = self.accumulate(ground_truth, detections, max_dets).eval
        library = f'{self.package} {version(self.package)}'
        precision, recall = table['precision'], table['recall']
        return CocoTables(precision, recall, tuple(max_dets), library)

    def match(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_dets: int = 300,
        iou_thrs: Thresholds = IOU_THRS,
    ) -> Matches:
        """Match detections to objects of all sizes, for analyses."""
        empty = np.zeros((len(iou_thrs), 0), np.int64)
        columns = [(empty[0], empty[0], empty, empty.astype(bool))]
        for part in split_coco(
            ground_truth, detections, _PART_IMAGES, _PART_PAIRS
        ):
            evaluator = self.evaluator(part, [max_dets], iou_thrs)
            for image in filter(None, evaluator.evalImgs):
                # The libraries number the detections of a part from 1.
                found = np.array(image['dtIds'], np.int64) - 1
                shape = len(iou_thrs), len(found)
                objects = np.array(image['dtMatches'], np.int64) - 1
                ignored = np.array(image['dtIgnore'], bool)
                tables = objects.reshape(shape), ignored.reshape(shape)
                columns.append(
                    (part.rows[found], np.arange(len(found)), *tables)
                )
        rows, ranks, objects, ignored = (
            np.concatenate(parts, axis=-1) for parts in zip(*columns)
        )
        return Matches(rows, ranks, objects, ignored, len(ground_truth))

    @abstractmethod
    def evaluator(
        self,
        part: CocoPart,
        max_dets: Sequence[int],
        iou_thrs: Thresholds = IOU_THRS,
        areas: Areas | None = None,
    ) -> Any:
        """The library's ``COCOeval`` of a part, evaluated."""

    def accumulate(
        self, truth: GroundTruth, found: Detections, max_dets: Sequence[int]
    ) -> Any:
        """The ``COCOeval`` of everything, with ``eval`` filled in."""
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

        params, categories = hotcoco.Params('bbox'), truth.categories
        _set(params, max_dets, IOU_THRS, AREA_RANGES)
        stream = hotcoco.StreamingEval(categories, 'bbox', params=params)
        for part in split_coco(truth, found, _PART_IMAGES, _PART_PAIRS):
            stream.update(part.images, part.annotations, part.detections)
        evaluator = stream.finalize()
        evaluator.accumulate()
        return evaluator

    def evaluator(self, part, max_dets, iou_thrs=IOU_THRS, areas=None) -> Any:
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
        slices: Mapping[str, Sequence[int]],
    ) -> dict[str, float]:
        """The AP of some images alone, for many choices of images.

        ``slices`` are, by name, places of images among all by rising id.
        """
        evaluator = self.accumulate(ground_truth, detections, [max_dets])
        cut = evaluator.slice_by(slices)
        return {name: cut[name]['AP'] for name in slices}


class PycocotoolsBackend(CocoBackend):
    """pycocotools (BSD): the reference, 20 minutes for SKU-110K's test."""

    package = 'pycocotools'

    def evaluator(self, part, max_dets, iou_thrs=IOU_THRS, areas=None) -> Any:
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
    """'hotcoco', 'pycocotools', or 'auto': the first that is installed.

    ImportError if it is not installed.
    """
    known: dict[str, type[CocoBackend]] = dict(
        hotcoco=HotcocoBackend, pycocotools=PycocotoolsBackend
    )
    checks.choice('backend', name, ['auto', *known])
    if name == 'auto':
        name = next(filter(find_spec, known), 'hotcoco')
    if not find_spec(name):
        raise ImportError(f'{name} is not installed. Run: pip install {name}')
    return known[name]()


def _require_memory(classes: int, caps: int) -> None:
    """ValueError where the libraries would ask for too much, and abort."""
    # (T, R, K, A, M) float64.
    size = 8 * len(IOU_THRS) * 101 * classes * len(AREA_RANGES) * caps
    if size > _LARGEST_TABLE:
        most = classes * _LARGEST_TABLE // size
        raise ValueError(
            f'an evaluation must have at most {most} classes at {caps} caps '
            f'(max_dets), but has {classes}: its table would take '
            f'{size / 2**30:.1f} GiB. Evaluate fewer classes or caps.'
        )


def _set(
    params: Any,
    max_dets: Sequence[int],
    iou_thrs: Thresholds,
    areas: Areas | None,
) -> None:
    areas = areas or {'all': AREA_RANGES['all']}
    # hotcoco hands out copies: only whole values can be set.
    params.maxDets = list(max_dets)
    params.iouThrs = np.asarray(iou_thrs).tolist()
    params.areaRng = [list(area) for area in areas.values()]
    params.areaRngLbl = list(areas)
