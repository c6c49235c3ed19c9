"""What errors cost: by hand, and by pycocotools on mended scenes."""

import numpy as np
import pytest

from dense_scene.analysis.errors.kinds import (
    DETECTION_ERRORS,
    OBJECT_ERRORS,
    REPAIRABLE,
)
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    pycocotools_tables,
    random_scene,
)

from .test_measure import analyse

KINDS = (*DETECTION_ERRORS, *OBJECT_ERRORS)


def test_costs_by_hand():
    # Found, wrong background, found of 4: precision 1 up to recall 1/4 (26
    # of 101 points), 2/3 up to 1/2 (25), then 0.
    truth = coco_dict(grid(4) * 2)
    boxes = (grid(4) * 2)[[0, 0, 1]]
    boxes[1, :2] += 900
    report = analyse(truth, coco_results(boxes, (0.9, 0.8, 0.7)))
    assert report.ap50 == pytest.approx((26 + 25 * 2 / 3) / 101, abs=1e-12)
    # Without it: 1 up to recall 1/2.
    assert report.ap_cost['background'] == pytest.approx(
        51 / 101 - report.ap50, abs=1e-12
    )
    # Of two objects: 1 up to 1/2 (51 points), then 2/3 (50).
    assert report.ap_cost['missed_other'] == pytest.approx(
        (51 + 50 * 2 / 3) / 101 - report.ap50, abs=1e-12
    )
    assert sum(cost != 0 for cost in report.ap_cost.values()) == 2


def mend(truth, found, report, kind):
    """The scene without errors of a kind, by loops and in COCO's form."""
    gt, dets = report.ground_truth, report.detections
    free = {n for n, error in enumerate(report.object_errors) if error >= 0}
    if kind in OBJECT_ERRORS:
        drop = OBJECT_ERRORS.index(kind)
        return dict(
            truth,
            annotations=[
                item
                for item, error in zip(
                    truth['annotations'], report.object_errors
                )
                if error != drop
            ],
        ), found
    wrong = report.detection_errors == DETECTION_ERRORS.index(kind)
    result = [dict(item) for item in found]
    for row in np.argsort(-dets.scores, kind='stable'):
        if not wrong[row]:
            continue
        x1, y1, x2, y2 = dets.boxes[row]
        best = None, 0
        for n in sorted(free, reverse=True):
            if (gt.image_ids[n], gt.labels[n]) != (
                dets.image_ids[row],
                dets.labels[row],
            ):
                continue
            a1, b1, a2, b2 = gt.boxes[n]
            shared = max(0, min(x2, a2) - max(x1, a1)) * max(
                0, min(y2, b2) - max(y1, b1)
            )
            iou = shared / (
                (x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) - shared
            )
            best = max(best, (n, iou), key=lambda item: item[1])
        if kind in REPAIRABLE and best[0] is not None:
            free.remove(best[0])
            result[row]['bbox'] = truth['annotations'][best[0]]['bbox']
        else:
            result[row] = None
    return truth, [item for item in result if item]


@pytest.mark.parametrize('seed', range(4))
def test_costs_equal_pycocotools_on_mended_scenes(seed):
    rng = np.random.default_rng(seed)
    truth, found = random_scene(
        seed, num_images=3, objects=80, detections=60, num_classes=3
    )
    # As in the table, where objects of an image lie together.
    ids = [image['id'] for image in truth['images']]
    truth['annotations'].sort(key=lambda item: ids.index(item['image_id']))
    for item in found:
        # Halves, doubles and shifts, so that every kind occurs.
        x, y, w, h = item['bbox']
        item['bbox'] = [
            x + w * rng.choice([0, 0, 0.5]),
            y,
            w * rng.choice([0.3, 1, 1, 3]),
            h,
        ]
    report = analyse(truth, found, max_dets=100)
    assert sum(report.counts[kind] for kind in REPAIRABLE) > 5
    for kind in KINDS:
        precision, _ = pycocotools_tables(
            *mend(truth, found, report, kind), [100]
        )
        precision = precision[0, :, :, 0, 0]
        ap50 = precision[precision > -1].mean()
        assert (precision[0] > -1).sum() == 2, (
            'a class without objects leaves the mean of pycocotools'
        )
        if kind == KINDS[0]:
            base, _ = pycocotools_tables(truth, found, [100])
            base = base[0, :, :, 0, 0]
            assert report.ap50 == pytest.approx(
                base[base > -1].mean(), abs=1e-9
            )
        assert report.ap50 + report.ap_cost[kind] == pytest.approx(
            ap50, abs=1e-9
        ), kind
