"""Errors of whole data sets: counts, costs and the report."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dense_scene.analysis.errors.kinds import DETECTION_ERRORS, OBJECT_ERRORS
from dense_scene.analysis.errors.measure import (
    analyse_error_file,
    analyse_errors,
)
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    random_scene,
    read,
)


def analyse(truth, found, **options):
    return analyse_errors(*read(truth, found), **options)


def one_of_each():
    """Objects of 40 x 40, far apart but for pairs; a detection per kind."""
    objects = [
        [0, 0],
        [40, 0],
        [80, 0],
        [200, 0],
        [300, 0],
        [400, 0],
        [440, 0],
        [600, 0],
        [700, 0],
        [710, 0],
    ]
    boxes = np.array([[*corner, 40, 40] for corner in objects], float)
    found = np.array(
        [
            [0, 0, 120, 40],  # merged: covers 0, 1 and 2
            [200, 0, 40, 40],  # finds 3
            [201, 0, 40, 40],  # duplicate
            [300, 0, 16, 40],  # split: 2/5 of 4
            [420, 0, 40, 40],  # shifted: IoU 1/3 with 5 and 6
            [630, 0, 40, 40],  # loose: 10 / 70 = 0.14 of 7
            [900, 0, 40, 40],  # background
            [700, 0, 40, 40],  # finds 8; 9, 3/4 hidden by it, is missed
        ]
    )
    return coco_dict(boxes), coco_results(found, np.linspace(0.9, 0.2, 8))


def test_counts():
    report = analyse(*one_of_each())
    # 10 objects less two found ones: 9 is hidden, seven others are not.
    assert report.counts == dict(
        merged=1,
        duplicate=1,
        split=1,
        shifted=1,
        loose=1,
        background=1,
        missed_occluded=1,
        missed_other=7,
    )
    # The scene names them in the order of DETECTION_ERRORS.
    assert report.detection_errors.tolist() == [0, -1, 1, 2, 3, 4, 5, -1]
    assert report.object_errors.tolist() == [1, 1, 1, -1, 1, 1, 1, 1, -1, 0]
    # (8 missed + scores of the six wrong ones) / 10 objects
    wrong = 0.9 + 0.7 + 0.6 + 0.5 + 0.4 + 0.3
    assert report.per_image['badness'] == [pytest.approx((8 + wrong) / 10)]
    assert report.per_image['merged'] == [1]


def test_a_perfect_prediction_has_no_errors():
    for count in (1, 12, 600):
        boxes = grid(count)
        report = analyse(
            coco_dict(boxes),
            coco_results(boxes, np.full(count, 0.9)),
            max_dets=600,
        )
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
    report = analyse(coco_dict(grid(0)), coco_results(grid(2), (0.9, 0.8)))
    assert report.ap50 == -1 and report.counts['background'] == 2
    assert set(report.ap_cost.values()) == {0}
    assert 'AP50@300 -' in report.format()


def test_what_is_no_error():
    # In a crowd region, or beyond the cap.
    truth = coco_dict(
        np.array([[0, 0, 40, 40], [200, 0, 40, 40]]), iscrowd=[0, 1]
    )
    found = coco_results(
        np.array([[0, 0, 40, 40], [205, 5, 20, 20], [500, 0, 40, 40]]),
        (0.9, 0.8, 0.7),
    )
    report = analyse(truth, found, max_dets=2)
    assert set(report.counts.values()) == {0}
    assert analyse(truth, found, max_dets=3).counts['background'] == 1


def test_a_crowd_region_is_no_object():
    truth = coco_dict(
        np.array([[0, 0, 40, 40], [20, 0, 40, 40]]), iscrowd=[0, 1]
    )
    # 16 / 40 of it in the region, below 1/2; IoU 16 / 64 were it an object.
    # And the region would hide half of the object.
    report = analyse(truth, coco_results(np.array([[44, 0, 40, 40]]), [0.9]))
    assert report.detection_errors.tolist() == [
        DETECTION_ERRORS.index('background')
    ]
    assert report.object_errors.tolist() == [
        OBJECT_ERRORS.index('missed_other'),
        -1,
    ]


def test_other_classes_are_background_but_hide_objects():
    truth = coco_dict(
        np.array([[0, 0, 40, 40], [10, 0, 40, 40]]), category_id=[1, 2]
    )
    truth['categories'].append(dict(id=2, name='other'))
    found = coco_results(np.array([[0, 0, 40, 40]]), [0.9])
    found[0]['category_id'] = 2
    # IoU 30 / 50 with the object of its class: found; the other is hidden.
    counts = analyse(truth, found).counts
    assert counts['missed_occluded'] == 1 and sum(counts.values()) == 1
    truth['annotations'][1]['bbox'][0] = 300
    counts = analyse(truth, found).counts
    assert counts['background'] == 1 and counts['missed_other'] == 2


def test_backends_agree_and_order_does_not_matter():
    truth, found = read(*random_scene(1))
    first = analyse_errors(truth, found)
    second = analyse_errors(truth, found, backend='pycocotools')
    assert first.ap_cost == second.ap_cost
    assert first.per_image == second.per_image
    order = np.random.default_rng(0).permutation(len(found))
    again = analyse_errors(truth, found.take(np.sort(order)))
    assert again.counts == first.counts


@pytest.mark.parametrize('seed', range(3))
def test_tide_sees_the_same_case(seed):
    report = analyse(*random_scene(seed), max_dets=40)
    # Its AP50 comes from a matching of its own.
    assert report.tide['ap_base'] == pytest.approx(report.ap50, abs=1e-9)


def test_tide_by_hand():
    # Of one_of_each(): TIDE has no word for merged (IoU 1/3 with each),
    # split (2/5) and shifted (1/3), all Loc, as is loose (1/7).
    counts = analyse(*one_of_each()).tide['counts']
    assert (counts['Loc'], counts['Dupe'], counts['Bkg']) == (4, 1, 1)


def test_without_the_library_there_is_no_tide(monkeypatch):
    monkeypatch.setattr(
        'dense_scene.analysis.errors.measure.find_spec', lambda name: None
    )
    report = analyse(*one_of_each(), backend='pycocotools')
    assert report.tide is None and 'TIDE' not in report.format()


def test_report(tmp_path):
    report = analyse(*one_of_each())
    lines = report.format().splitlines()
    assert lines[0] == (
        f'1 images, 10 objects, 8 detections; AP50@300 {report.ap50:.3f}'
    )
    row = next(line for line in lines if 'missed_other' in line)
    assert row.split('|')[2].strip() == '7'
    assert any('TIDE' in line for line in lines)
    # Costs, unlike AP, are numbers even if a rounding error below zero.
    shown = replace(report, ap_cost=dict(split=-1e-17)).format()
    assert '0.000' in shown and '-0.000' not in shown
    report.save(tmp_path / 'new' / 'report.json')
    content = json.loads((tmp_path / 'new/report.json').read_text())
    assert content['counts'] == report.counts
    assert content['ap_cost'] == report.ap_cost
    assert content['per_image'] == report.per_image
    assert [path.name for path in (tmp_path / 'new').iterdir()] == [
        'report.json'
    ]


def test_nan_is_counted(tmp_path):
    truth, found = one_of_each()
    found[2]['bbox'][0] = float('nan')
    report = analyse(truth, found)
    assert report.counts['duplicate'] == 0
    assert '1 detections hold NaN' in report.format()
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    (tmp_path / 'found.json').write_text(json.dumps(found))
    again = analyse_error_file(
        str(tmp_path / 'found.json'), str(tmp_path / 'truth.json')
    )
    assert again.counts == report.counts


def test_max_dets_below_1():
    with pytest.raises(ValueError, match='max_dets must be a positive'):
        analyse(*one_of_each(), max_dets=0)
