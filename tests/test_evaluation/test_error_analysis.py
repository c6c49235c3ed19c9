"""Errors of whole data sets: counts, costs and the report."""

import json

import numpy as np
import pytest

from dense_scene.evaluation import (
    Detections,
    GroundTruth,
    analyse_error_file,
    analyse_errors,
)
from dense_scene.functional.dense_errors import (
    DETECTION_ERRORS,
    OBJECT_ERRORS,
    REPAIRABLE,
)

from .scenes import (
    coco_dict,
    coco_results,
    grid,
    pycocotools_tables,
    random_scene,
)

KINDS = (*DETECTION_ERRORS, *OBJECT_ERRORS)


def analyse(truth, found, **options):
    truth = GroundTruth.from_coco(truth)
    return analyse_errors(
        truth, Detections.from_coco(found, truth), **options)


def one_of_each():
    """Objects of 40 x 40, far apart but for pairs; a detection per kind."""
    objects = [[0, 0], [40, 0], [80, 0], [200, 0], [300, 0], [400, 0],
               [440, 0], [600, 0], [700, 0], [710, 0]]
    boxes = np.array([[*corner, 40, 40] for corner in objects], float)
    found = np.array([
        [0, 0, 120, 40],   # merged: covers 0, 1 and 2
        [200, 0, 40, 40],  # finds 3
        [201, 0, 40, 40],  # duplicate
        [300, 0, 16, 40],  # split: 2/5 of 4
        [420, 0, 40, 40],  # shifted: IoU 1/3 with 5 and 6
        [630, 0, 40, 40],  # loose: 10 / 70 = 0.14 of 7
        [900, 0, 40, 40],  # background
        [700, 0, 40, 40],  # finds 8; 9, 3/4 hidden by it, is missed
    ])  # fmt: skip
    return coco_dict(boxes), coco_results(found, np.linspace(.9, .2, 8))


def test_counts():
    report = analyse(*one_of_each())
    # 10 objects less two found ones: 9 is hidden, seven others are not.
    assert report.counts == dict(
        merged=1, duplicate=1, split=1, shifted=1, loose=1, background=1,
        missed_occluded=1, missed_other=7)
    # The scene names them in the order of DETECTION_ERRORS.
    assert report.detection_errors.tolist() == [0, -1, 1, 2, 3, 4, 5, -1]
    assert report.object_errors.tolist() == [1, 1, 1, -1, 1, 1, 1, 1, -1, 0]
    # (8 missed + scores of the six wrong ones) / 10 objects
    wrong = .9 + .7 + .6 + .5 + .4 + .3
    assert report.per_image['badness'] == [pytest.approx((8 + wrong) / 10)]
    assert report.per_image['merged'] == [1]


def test_costs_by_hand():
    # Found, wrong background, found of 4: precision 1 up to recall 1/4 (26
    # of 101 points), 2/3 up to 1/2 (25), then 0.
    truth = coco_dict(grid(4) * 2)
    boxes = (grid(4) * 2)[[0, 0, 1]]
    boxes[1, :2] += 900
    report = analyse(truth, coco_results(boxes, (.9, .8, .7)))
    assert report.ap50 == pytest.approx((26 + 25 * 2 / 3) / 101, abs=1e-12)
    # Without it: 1 up to recall 1/2.
    assert report.ap_cost['background'] == pytest.approx(
        51 / 101 - report.ap50, abs=1e-12)
    # Of two objects: 1 up to 1/2 (51 points), then 2/3 (50).
    assert report.ap_cost['missed_other'] == pytest.approx(
        (51 + 50 * 2 / 3) / 101 - report.ap50, abs=1e-12)
    assert sum(cost != 0 for cost in report.ap_cost.values()) == 2


def test_a_perfect_prediction_has_no_errors():
    for count in (1, 12, 600):
        boxes = grid(count)
        report = analyse(
            coco_dict(boxes), coco_results(boxes, np.full(count, .9)),
            max_det=600)
        assert report.ap50 == pytest.approx(1, abs=1e-12)
        assert set(report.counts.values()) == {0}
        assert set(report.ap_cost.values()) == {0}
        assert report.per_image['badness'] == [0]
        assert report.tide['counts']['Miss'] == 0


def test_nothing_found_and_nothing_there():
    report = analyse(coco_dict(grid(3)), [])
    assert report.ap50 == 0 and report.counts['missed_other'] == 3
    # All three not counted: nothing is left to find.
    assert report.ap_cost['missed_other'] == 1
    report = analyse(coco_dict(grid(0)), coco_results(grid(2), (.9, .8)))
    assert report.ap50 == -1 and report.counts['background'] == 2
    assert set(report.ap_cost.values()) == {0}
    assert 'AP50@300 -' in report.format()


def test_what_is_no_error():
    # In a crowd region, or beyond the cap.
    truth = coco_dict(np.array([[0, 0, 40, 40], [200, 0, 40, 40]]),
                      iscrowd=[0, 1])
    found = coco_results(
        np.array([[0, 0, 40, 40], [205, 5, 20, 20], [500, 0, 40, 40]]),
        (.9, .8, .7))
    report = analyse(truth, found, max_det=2)
    assert set(report.counts.values()) == {0}
    assert analyse(truth, found, max_det=3).counts['background'] == 1


def test_a_crowd_region_is_no_object_of_a_wrong_detection():
    truth = coco_dict(np.array([[0, 0, 40, 40], [200, 0, 40, 40]]),
                      iscrowd=[0, 1])
    # 16 / 40 of it in the region, below 1/2; IoU 16 / 64 were it an object.
    report = analyse(
        truth, coco_results(np.array([[224, 0, 40, 40]]), [.9]))
    assert report.detection_errors.tolist() == [
        DETECTION_ERRORS.index('background')]
    assert report.object_errors.tolist() == [
        OBJECT_ERRORS.index('missed_other'), -1]


def test_other_classes_are_background_but_hide_objects():
    truth = coco_dict(np.array([[0, 0, 40, 40], [10, 0, 40, 40]]),
                      category_id=[1, 2])
    truth['categories'].append(dict(id=2, name='other'))
    found = coco_results(np.array([[0, 0, 40, 40]]), [.9])
    found[0]['category_id'] = 2
    # IoU 30 / 50 with the object of its class: found; the other is hidden.
    counts = analyse(truth, found).counts
    assert counts['missed_occluded'] == 1 and sum(counts.values()) == 1
    truth['annotations'][1]['bbox'][0] = 300
    counts = analyse(truth, found).counts
    assert counts['background'] == 1 and counts['missed_other'] == 2


def mend(truth, found, report, kind, max_det):
    """The scene without errors of a kind, by loops and in COCO's form."""
    gt, dets = report.ground_truth, report.detections
    free = {n for n, error in enumerate(report.object_errors) if error >= 0}
    if kind in OBJECT_ERRORS:
        drop = OBJECT_ERRORS.index(kind)
        return dict(truth, annotations=[
            item for item, error in zip(
                truth['annotations'], report.object_errors)
            if error != drop]), found
    wrong = report.detection_errors == DETECTION_ERRORS.index(kind)
    result = [dict(item) for item in found]
    for row in np.argsort(-dets.scores, kind='stable'):
        if not wrong[row]:
            continue
        x1, y1, x2, y2 = dets.boxes[row]
        best = None, 0
        for n in sorted(free, reverse=True):
            if (gt.image_ids[n], gt.labels[n]) != (
                    dets.image_ids[row], dets.labels[row]):
                continue
            a1, b1, a2, b2 = gt.boxes[n]
            shared = (max(0, min(x2, a2) - max(x1, a1)) *
                      max(0, min(y2, b2) - max(y1, b1)))
            iou = shared / ((x2 - x1) * (y2 - y1) + (a2 - a1) * (b2 - b1) -
                            shared)
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
        seed, num_images=3, objects=80, detections=60, num_classes=3)
    for item in found:
        # Halves, doubles and shifts, so that every kind occurs.
        x, y, w, h = item['bbox']
        item['bbox'] = [x + w * rng.choice([0, 0, .5]), y,
                        w * rng.choice([.3, 1, 1, 3]), h]
    report = analyse(truth, found, max_det=100)
    assert sum(report.counts[kind] for kind in REPAIRABLE) > 5
    for kind in KINDS:
        precision, _ = pycocotools_tables(
            *mend(truth, found, report, kind, 100), [100])
        precision = precision[0, :, :, 0, 0]
        ap50 = precision[precision > -1].mean()
        assert (precision[0] > -1).sum() == 2, (
            'a class without objects leaves the mean of pycocotools')
        if kind == KINDS[0]:
            base, _ = pycocotools_tables(truth, found, [100])
            base = base[0, :, :, 0, 0]
            assert report.ap50 == pytest.approx(
                base[base > -1].mean(), abs=1e-9)
        assert report.ap50 + report.ap_cost[kind] == pytest.approx(
            ap50, abs=1e-9), kind


def test_backends_agree_and_order_does_not_matter():
    truth, found = random_scene(1)
    truth = GroundTruth.from_coco(truth)
    found = Detections.from_coco(found, truth)
    first = analyse_errors(truth, found)
    second = analyse_errors(truth, found, backend='pycocotools')
    assert first.ap_cost == second.ap_cost
    assert first.per_image == second.per_image
    images = truth.images.ids[::-1]
    again = analyse_errors(truth.subset(images), found)
    assert again.counts == first.counts


@pytest.mark.parametrize('seed', range(3))
def test_tide_sees_the_same_case(seed):
    report = analyse(*random_scene(seed), max_det=40)
    # Its AP50 comes from a matching of its own.
    assert report.tide['ap_base'] == pytest.approx(report.ap50, abs=1e-9)


def test_tide_by_hand():
    # Of one_of_each(): TIDE has no word for merged (IoU 1/3 with each),
    # split (2/5) and shifted (1/3), all Loc, as is loose (1/7).
    counts = analyse(*one_of_each()).tide['counts']
    assert (counts['Loc'], counts['Dupe'], counts['Bkg']) == (4, 1, 1)


def test_without_the_library_there_is_no_tide(monkeypatch):
    monkeypatch.setattr(
        'dense_scene.evaluation.tide.find_spec', lambda name: None)
    report = analyse(*one_of_each(), backend='pycocotools')
    assert report.tide is None and 'TIDE' not in report.format()


def test_report(tmp_path):
    report = analyse(*one_of_each())
    lines = report.format().splitlines()
    assert lines[0] == ('1 images, 10 objects, 8 detections; AP50@300 '
                        f'{report.ap50:.3f}')
    row = next(line for line in lines if 'missed_other' in line)
    assert row.split('|')[2].strip() == '7'
    assert any('TIDE' in line for line in lines)
    report.save(tmp_path / 'new' / 'report.json')
    content = json.loads((tmp_path / 'new/report.json').read_text())
    assert content['counts'] == report.counts
    assert content['ap_cost'] == report.ap_cost
    assert content['per_image'] == report.per_image
    assert [path.name for path in (tmp_path / 'new').iterdir()] == [
        'report.json']


def test_nan_is_counted(tmp_path):
    truth, found = one_of_each()
    found[2]['bbox'][0] = float('nan')
    report = analyse(truth, found)
    assert report.counts['duplicate'] == 0
    assert '1 detections hold NaN' in report.format()
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    (tmp_path / 'found.json').write_text(json.dumps(found))
    again = analyse_error_file(
        str(tmp_path / 'found.json'), str(tmp_path / 'truth.json'))
    assert again.counts == report.counts


def test_a_cap_below_1():
    with pytest.raises(ValueError, match='integers from 1 on, but got'):
        analyse(*one_of_each(), max_det=0)
