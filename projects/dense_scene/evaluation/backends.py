"""COCO evaluators behind one interface; none is patched into another."""

import contextlib
import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
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
_ALL_AREAS = {'all': AREA_RANGES['all']}


class CocoBackend(ABC):
    """An adapter of a library to columns in and tables out.

    All backends give the same numbers. ``summarize()`` of the libraries is not
    used: pycocotools' is fixed to 100 detections, others take the last of
    max_dets; the tables hold all.
    """

    package: str

    @property
    def name(self) -> str:
        """The library and its version."""
        return f'{self.package} {version(self.package)}'

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

        Raises:
            ValueError: If the columns are invalid.
        """
        table = self.accumulate(
            ground_truth, detections, max_dets, AREA_RANGES
        ).eval
        return CocoTables(
            table['precision'], table['recall'], tuple(max_dets), self.name
        )

    def match(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_dets: int = 300,
        iou_thrs: Sequence[float] = IOU_THRS,
    ) -> Matches:
        """Match detections to objects of all sizes, for analyses.

        Args:
            ground_truth, detections: As in :meth:`evaluate`.
            max_dets (int): How many count. Defaults to 300.
            iou_thrs (Sequence[float]): T of them. Defaults to 0.5 to 0.95.
        """
        shape = len(iou_thrs), -1
        rows, ranks = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        objects = [np.zeros((len(iou_thrs), 0), np.int64)]
        ignored = [np.zeros((len(iou_thrs), 0), bool)]
        for part in split_coco(ground_truth, detections, _PART_IMAGES):
            evaluator = self.evaluator(part, [max_dets], iou_thrs)
            for image in filter(None, evaluator.evalImgs):
                # The libraries number the detections of a part from 1.
                found = np.array(image['dtIds'], np.int64) - 1
                rows.append(part.rows[found])
                ranks.append(np.arange(len(found)))
                matches = np.array(image['dtMatches'], np.int64)
                objects.append(matches.reshape(shape) - 1)
                skipped = np.array(image['dtIgnore'], bool)
                ignored.append(skipped.reshape(shape))
        return Matches(
            np.concatenate(rows),
            np.concatenate(ranks),
            np.concatenate(objects, axis=1),
            np.concatenate(ignored, axis=1),
            len(ground_truth),
        )

    @abstractmethod
    def accumulate(
        self,
        ground_truth: GroundTruth,
        detections: Detections,
        max_dets: Sequence[int],
        areas: dict[str, tuple[float, float]],
    ) -> Any:
        """The library's ``COCOeval`` with ``eval`` filled in."""

    @abstractmethod
    def evaluator(
        self,
        part: CocoPart,
        max_dets: Sequence[int],
        iou_thrs: Sequence[float] = IOU_THRS,
        areas: dict[str, tuple[float, float]] = _ALL_AREAS,
    ) -> Any:
        """The library's ``COCOeval`` of a part with ``evalImgs`` filled in."""


class HotcocoBackend(CocoBackend):
    """hotcoco (MIT, Rust): the fast one."""

    package = 'hotcoco'

    def accumulate(self, ground_truth, detections, max_dets, areas) -> Any:
        """By the streaming evaluator, in a third of ``COCOeval``'s memory."""
        import hotcoco

        params, stream = hotcoco.Params('bbox'), None
        _set(params, max_dets, IOU_THRS, areas)
        for part in split_coco(ground_truth, detections, _PART_IMAGES):
            stream = stream or hotcoco.StreamingEval(
                part.categories, 'bbox', params=params
            )
            stream.update(part.images, part.annotations, part.detections)
        evaluator = stream.finalize()
        evaluator.accumulate()
        return evaluator

    def evaluator(
        self, part, max_dets, iou_thrs=IOU_THRS, areas=_ALL_AREAS
    ) -> Any:
        """See :class:`CocoBackend`."""
        import hotcoco

        truth = hotcoco.COCO(
            dict(
                images=part.images,
                categories=part.categories,
                annotations=part.annotations,
            )
        )
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
        slices: dict[str, np.ndarray],
    ) -> dict[str, float]:
        """The AP of some images alone, for many choices of images.

        Args:
            ground_truth, detections: As in :meth:`evaluate`.
            max_dets (int): How many count.
            slices (dict[str, np.ndarray]): By name, places of images among
                all by rising id.
        """
        evaluator = self.accumulate(
            ground_truth, detections, [max_dets], _ALL_AREAS
        )
        cut = evaluator.slice_by(
            {name: np.asarray(ids).tolist() for name, ids in slices.items()}
        )
        return {name: cut[name]['AP'] for name in slices}


class PycocotoolsBackend(CocoBackend):
    """pycocotools (BSD): the reference, 20 minutes for SKU-110K's test."""

    package = 'pycocotools'

    def accumulate(self, ground_truth, detections, max_dets, areas) -> Any:
        """See :class:`CocoBackend`."""
        (part,) = split_coco(ground_truth, detections)
        evaluator = self.evaluator(part, max_dets, areas=areas)
        with contextlib.redirect_stdout(io.StringIO()):
            evaluator.accumulate()
        return evaluator

    def evaluator(
        self, part, max_dets, iou_thrs=IOU_THRS, areas=_ALL_AREAS
    ) -> Any:
        """See :class:`CocoBackend`."""
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        truth = COCO()
        truth.dataset = dict(
            images=part.images,
            categories=part.categories,
            annotations=part.annotations,
        )
        with contextlib.redirect_stdout(io.StringIO()):
            truth.createIndex()
            # loadRes cannot take an empty array.
            some = len(part.detections)
            found = truth.loadRes(part.detections) if some else COCO()
            evaluator = COCOeval(truth, found, 'bbox')
            _set(evaluator.params, max_dets, iou_thrs, areas)
            evaluator.evaluate()
        return evaluator


_BACKENDS = {
    item.package: item for item in (HotcocoBackend, PycocotoolsBackend)
}


def load_backend(name: str = 'auto') -> CocoBackend:
    """The evaluator of this name.

    Args:
        name (str): 'hotcoco', 'pycocotools', or 'auto': the first of them
            that is installed. Defaults to 'auto'.

    Raises:
        ValueError: If there is no backend of this name.
        ImportError: If its library is not installed.
    """
    checks.choice('backend', name, ['auto', *_BACKENDS])
    if name == 'auto':
        installed = [item for item in _BACKENDS if find_spec(item)]
        name = installed[0] if installed else 'hotcoco'
    if not find_spec(name):
        raise ImportError(
            f'backend {name!r} must be installed. Run: pip install {name}'
        )
    return _BACKENDS[name]()


def _set(
    params: Any,
    max_dets: Sequence[int],
    iou_thrs: Sequence[float],
    areas: dict[str, tuple[float, float]],
) -> None:
    # hotcoco hands out copies: only whole values can be set.
    params.maxDets = list(max_dets)
    params.iouThrs = np.asarray(iou_thrs).tolist()
    params.areaRng = [list(area) for area in areas.values()]
    params.areaRngLbl = list(areas)
