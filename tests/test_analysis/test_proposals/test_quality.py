"""Counts of proposals and stages: by hand and against pycocotools."""

import contextlib
import io
import json
import math
import pickle

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from dense_scene.analysis.proposals.quality import (
    ProposalQuality,
    measure_proposals,
)
from dense_scene.testing import touching_row

NONE = np.zeros((0, 4))


def measure(objects, proposals, caps=(1, 2), thrs=(0.5,), stages=None):
    return measure_proposals(
        np.reshape(objects, (-1, 4)).astype(float),
        (proposals := np.reshape(proposals, (-1, 4)).astype(float)),
        [proposals] if stages is None else stages,
        thrs,
        caps,
    )


def coco_recall(images, caps):
    """pycocotools' AR, class-agnostic, of (objects, proposals) pairs.

    Of each image the last fifth of the objects is crowd for pycocotools.
    """
    annotations, results = [], []
    for image, (objects, proposals) in enumerate(images, start=1):
        for i, (x1, y1, x2, y2) in enumerate(objects.tolist()):
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=image,
                    category_id=i % 2,
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                    area=(x2 - x1) * (y2 - y1),
                    iscrowd=int(i >= kept(objects)),
                )
            )
        for rank, (x1, y1, x2, y2) in enumerate(proposals.tolist()):
            results.append(
                dict(
                    image_id=image,
                    category_id=0,
                    score=1 - rank / 1e4,
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                )
            )
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = dict(
            images=[dict(id=i + 1) for i in range(len(images))],
            annotations=annotations,
            categories=[dict(id=0), dict(id=1)],
        )
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results), 'bbox')
        evaluation.params.useCats = 0
        evaluation.params.maxDets = list(caps)
        evaluation.params.areaRng = evaluation.params.areaRng[:1]
        evaluation.params.areaRngLbl = ['all']
        evaluation.evaluate()
        evaluation.accumulate()
    # thresholds x classes x areas x caps
    return evaluation.eval['recall'].mean(axis=(0, 1, 2))


def kept(objects):
    return len(objects) * 4 // 5


def crowded(rng, num_objects, num_proposals):
    """A shelf with whole-pixel jitter, so that IoU and boxes repeat."""
    corner = np.stack(np.divmod(np.arange(num_objects), 25), axis=1)
    corner = corner[:, ::-1] * [10, 14]
    objects = np.concatenate([corner, corner + [11, 14]], axis=1)
    chosen = rng.integers(num_objects, size=num_proposals)
    jitter = rng.integers(-2, 3, size=(num_proposals, 4))
    return objects.astype(float), (objects[chosen] + jitter).astype(float)


def test_average_recall_is_pycocotools():
    rng = np.random.default_rng(0)
    caps = (1, 10, 100, 300, 1000)
    images = [crowded(rng, 150, 400), crowded(rng, 3, 20)]
    images += [crowded(rng, 600, 1200), (images[0][0], NONE)]
    images.append((NONE, images[0][1]))
    total = ProposalQuality.total(
        measure(objects[: kept(objects)], proposals, caps)
        for objects, proposals in images
    )
    expected = coco_recall(images, caps)
    assert 0 < expected[0] < expected[-1] < 1
    np.testing.assert_allclose(
        total.average_recall, expected, rtol=0, atol=1e-12
    )


def test_hand_derived():
    # Three objects of 10 x 10 in a row, 10 apart.
    objects = [[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]]
    # IoU 1 with object 0; 0.6 with 0 (6 of 10 columns); 0.5 with 1; none.
    proposals = [
        [0, 0, 10, 10],
        [0, 0, 6, 10],
        [20, 0, 30, 5],
        [60, 0, 70, 10],
    ]
    # Stage 2 gets the proposals with the third one refined to IoU 0.8.
    refined = np.array(proposals, float)
    refined[2, 3] = 8
    proposals = np.array(proposals, float)
    quality = measure(
        objects,
        proposals,
        caps=(1, 4),
        thrs=(0.5, 0.7),
        stages=[proposals, refined],
    )
    # At 1 proposal: object 0 at every threshold. At 4: object 1 at 0.50.
    assert quality.recalled.tolist() == [[1, 2]] + [[1, 1]] * 9
    # Bins of 0.05: 0 -> bin 0, 0.5 -> 10, 0.6 -> 12, 0.8 -> 16, 1 -> 19.
    assert np.argwhere(quality.iou_histogram).tolist() == [
        [0, 0],
        [0, 10],
        [0, 12],
        [0, 19],
        [1, 0],
        [1, 12],
        [1, 16],
        [1, 19],
    ]
    # Stage 1, from 0.5: boxes 0, 1 for object 0 and 2 for object 1.
    # Stage 2, from 0.7: box 0 for object 0 and box 2 for object 1.
    assert quality.positives.tolist() == [3, 2]
    assert quality.positives_histogram[:, :4].tolist() == [
        [1, 1, 1, 0],
        [1, 2, 0, 0],
    ]
    assert quality.copies.tolist() == [1, 1]
    assert quality.metrics() == pytest.approx(
        {
            'AR_at1': 1 / 3,
            'AR_at4': (2 + 9) / 30,
            'proposals_per_image': 4,
            'stage1_mean_iou': (1 + 0.6 + 0.5) / 4,
            'stage2_mean_iou': (1 + 0.6 + 0.8) / 4,
            'stage1_positives_per_object': 1,
            'stage2_positives_per_object': 2 / 3,
            'stage1_objects_without_positive': 1 / 3,
            'stage2_objects_without_positive': 1 / 3,
        }
    )


@pytest.mark.parametrize('count', [1, 600])
def test_perfect_proposals(count):
    row = touching_row(count).numpy()
    quality = measure(row, row, caps=(1, count))
    # the first proposal recalls one object, all of them recall all
    assert quality.average_recall.tolist() == pytest.approx([1 / count, 1])
    assert quality.mean_iou.tolist() == [1]
    assert quality.positives_histogram[0].tolist() == [0, count] + [0] * 15
    assert quality.copies.tolist() == [count]


def test_equal_boxes():
    box = [[0, 0, 10, 10]]
    # 600 equal proposals recall 600 equal objects, one each; but all of them
    # are positives of the same one object.
    quality = measure(np.tile(box, (600, 1)), np.tile(box, (600, 1)), (600,))
    assert quality.average_recall.tolist() == [1]
    assert quality.positives_per_object.tolist() == [1]
    assert quality.positives_histogram[0, 0] == 599
    assert quality.positives_histogram[0, 16] == 1  # 16 or more


def test_nothing_there():
    no_proposals = measure([[0, 0, 1, 1]], NONE)
    assert no_proposals.average_recall.tolist() == [0, 0]
    assert no_proposals.objects_without_positive.tolist() == [1]
    assert math.isnan(no_proposals.mean_iou[0])
    no_objects = measure(NONE, [[0, 0, 1, 1]])
    assert np.isnan(no_objects.average_recall).all()
    assert np.isnan(no_objects.objects_without_positive).all()
    assert no_objects.mean_iou.tolist() == [0]
    # An empty image weighs nothing.
    total = ProposalQuality.total([no_proposals, no_objects])
    assert (total.images, total.objects, total.proposals) == (2, 1, 1)
    assert total.average_recall.tolist() == [0, 0]


def test_scale_changes_nothing():
    objects, proposals = crowded(np.random.default_rng(1), 100, 300)
    scale = np.tile([0.5, 4.0], 2)  # exact in binary
    plain = measure(objects, proposals, (100, 300))
    scaled = measure(objects * scale, proposals * scale, (100, 300))
    assert plain.to_dict() == scaled.to_dict()


def test_totals_add_up_in_any_grouping():
    rng = np.random.default_rng(2)
    parts = [measure(*crowded(rng, 60, 90 + i)) for i in range(5)]
    whole = ProposalQuality.total(parts).to_dict()
    halves = [
        ProposalQuality.total(parts[:2]),
        ProposalQuality.total(parts[2:]),
    ]
    assert whole['most_proposals'] == 94
    assert whole['proposals'] == 90 + 91 + 92 + 93 + 94
    grouped = ProposalQuality.total(pickle.loads(pickle.dumps(halves)))
    for key, value in grouped.to_dict().items():
        if key == 'metrics':  # sums of IoU are rounded in another order
            assert value == pytest.approx(whole[key])
        elif key != 'iou_sum':
            assert value == whole[key], key


def test_to_dict_is_json():
    quality = measure(NONE, [[0, 0, 1, 1]])
    plain = json.loads(json.dumps(quality.to_dict(), allow_nan=False))
    assert plain['metrics']['AR_at1'] is None
    assert plain['metrics']['proposals_per_image'] == 1
    assert plain['iou_histogram'] == [[1] + [0] * 19]
    assert len(plain['iou_edges']) == 21


def test_without_caps_there_is_no_recall():
    quality = measure([[0, 0, 1, 1]], [[0, 0, 1, 1]], caps=())
    assert [key.split('_')[0] for key in quality.metrics()] == ['stage1'] * 3
