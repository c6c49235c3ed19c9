"""TIDE's error classes, from the library that has them."""

from importlib.util import find_spec

from ...evaluation.tables.coco_problem import CocoProblem
from ...evaluation.tables.detections import Detections
from ...evaluation.tables.ground_truth import GroundTruth


def measure_tide(
    ground_truth: GroundTruth, detections: Detections, max_det: int = 300
) -> dict | None:
    """TIDE's errors at IoU 0.5 and 0.1, computed by hotcoco.

    Source: `Bolya et al. 2020 <https://arxiv.org/abs/2008.08115>`_. The
    library needs all images at once.

    Args:
        ground_truth (GroundTruth): What is there.
        detections (Detections): What was found, without NaN.
        max_det (int): The cap, per image and class. Defaults to 300.

    Returns:
        dict | None: ``delta_ap`` and ``counts`` per class (Cls, Loc, Both,
        Dupe, Bkg, Miss; FP and FN in ``delta_ap`` alone) and ``ap_base``.
        None if hotcoco is not installed.
    """
    if find_spec('hotcoco') is None:
        return None
    import hotcoco

    problem = CocoProblem.build(ground_truth, detections)
    everything = slice(0, len(problem.image_ids))
    truth = hotcoco.COCO(
        dict(
            images=problem.images(everything),
            categories=problem.categories,
            annotations=problem.annotations(everything),
        )
    )
    found = truth.load_res(problem.detection_array(everything))
    evaluator = hotcoco.COCOeval(truth, found, 'bbox')
    evaluator.params.max_dets = [max_det]
    evaluator.params.iou_thrs = [0.5]
    evaluator.params.area_rng = [[0, 1e10]]
    evaluator.params.area_rng_lbl = ['all']
    evaluator.evaluate()
    return evaluator.tide_errors()
