"""Stored detections, evaluated again."""

import json

import numpy as np
import pytest

from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.stored.reevaluate import (
    evaluate_detections,
    format_results,
    suppress,
)
from dense_scene.evaluation.tables.detections import Detections
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    pycocotools_tables,
    random_scene,
)


@pytest.fixture
def write(tmp_path):
    def _write(truth, found):
        for name, content in (('truth', truth), ('found', found)):
            (tmp_path / f'{name}.json').write_text(json.dumps(content))
        return str(tmp_path / 'found.json'), str(tmp_path / 'truth.json')

    return _write


def mean(table):
    return table[table > -1].mean()


def test_every_cap_and_threshold_equals_pycocotools(write):
    truth, found = random_scene(4)
    results = evaluate_detections(
        *write(truth, found), (5, 100), score_thrs=(0.25, 0.65)
    )
    assert [item['score_thr'] for item in results] == [0.25, 0.65]
    for result in results:
        kept = [item for item in found if item['score'] > result['score_thr']]
        precision, recall = pycocotools_tables(truth, kept, [5, 100])
        for place, cap in enumerate((5, 100)):
            for key, theirs in (
                (f'bbox_mAP_at{cap}', precision),
                (f'AR_at{cap}', recall),
            ):
                assert result[key] == pytest.approx(
                    mean(theirs[..., 0, place]), abs=1e-9
                )
        assert result['detections'] == len(kept)
        assert result['nms_iou'] is None


def test_a_score_at_the_threshold_is_dropped_as_in_mmdet(write):
    files = write(coco_dict(grid(2)), coco_results(grid(2), [0.5, 0.4]))
    assert evaluate_detections(*files, score_thrs=[0.4])[0]['detections'] == 1
    # In float32, which a file gives as 0.30000001192.
    score = np.float32(0.3).item()
    files = write(coco_dict(grid(2)), coco_results(grid(2), [0.5, score]))
    assert evaluate_detections(*files, score_thrs=[0.3])[0]['detections'] == 1


def test_nms_by_hand(write):
    # Two objects; the first is found twice, and the copy stands before the
    # second: precision is 1 to recall 1/2 (51 points), then 2/3 (50 points).
    boxes = grid(2)[[0, 0, 1]]
    files = write(coco_dict(grid(2)), coco_results(boxes, [0.9, 0.8, 0.7]))
    (plain,) = evaluate_detections(*files)
    assert plain['bbox_mAP_at100'] == pytest.approx((51 + 50 * 2 / 3) / 101)
    loose, strict = evaluate_detections(*files, nms_ious=(1, 0.5))
    assert loose['bbox_mAP_at100'] == plain['bbox_mAP_at100']
    assert strict['bbox_mAP_at100'] == pytest.approx(1)
    assert strict['detections'] == 2


def test_every_combination(write):
    results = evaluate_detections(
        *write(*random_scene(0)), [100], (0.5, 0.6), (0, 0.5)
    )
    assert [(item['nms_iou'], item['score_thr']) for item in results] == [
        (0.5, 0),
        (0.5, 0.5),
        (0.6, 0),
        (0.6, 0.5),
    ]


def test_text(write, tmp_path):
    _, truth = write(coco_dict(grid(4)), [])
    boxes = np.array([[0, 0, 40, 40], [40, 0, 80, np.nan]])
    save_detections(
        tmp_path / 'found.npz', Detections([1, 1], boxes, [0.9, 0.8], [0, 0])
    )
    text = format_results(
        evaluate_detections(
            str(tmp_path / 'found.npz'), truth, (2, 300), (0.5,), (0.05,)
        )
    )
    assert all(len(line) <= 79 for line in text.splitlines())
    assert '1 images, 4 objects; hotcoco' in text
    assert '1 detections hold NaN or infinity and are not scored' in text
    assert '1 detections, NMS at IoU 0.5, score above 0.05' in text
    # Of four objects two detections can find two; the only one finds one:
    # recall points 0 to .25, 26 of 101.
    row = next(line for line in text.splitlines() if line.startswith('|   2'))
    cells = [cell.strip() for cell in row.split('|')[1:-1]]
    assert cells == [
        '2',
        '0.500',
        '0.257',
        '0.257',
        '0.257',
        '-',
        '0.257',
        '-',
        '0.250',
    ]


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(max_dets=[0]), 'max_dets must be one or more positive'),
        (
            dict(score_thrs=[2]),
            r'score_thr must be a number in \[0, 1\], but got 2',
        ),
        (dict(nms_ious=[2]), r'nms_iou must be a number in'),
        (dict(nms_ious=[0.5, float('nan')]), 'nms_iou must be a number in'),
        (dict(backend='fast'), 'backend must be one of'),
    ],
)
def test_bad_settings(write, settings, words):
    with pytest.raises(ValueError, match=words):
        evaluate_detections(*write(*random_scene(0)), **settings)


def rows(count, step, score=None):
    """10 x 10 boxes in a row; best first unless scores are given."""
    x = np.arange(count)[:, None] * step
    boxes = np.hstack((x, x * 0, x + 10, x * 0 + 10))
    scores = np.linspace(0.9, 0.1, count) if score is None else score
    return boxes, scores


def test_by_hand():
    # Steps of 5 give IoU 50 / 150 = 1/3 with the next box and 0 with the one
    # after it, so that every second box is dropped, unless 1/3 is allowed.
    boxes, scores = rows(5, 5.0)
    found = Detections([1] * 5, boxes, scores, [0] * 5)
    assert suppress(found, 0.3).scores.tolist() == scores[::2].tolist()
    assert len(suppress(found, 0.34)) == 5


def test_order_and_score_decide():
    boxes, _ = rows(3, 5.0)
    found = Detections([1] * 3, boxes, [0.2, 0.9, 0.3], [0] * 3)
    assert suppress(found, 0.3).scores.tolist() == [0.9]
    found = Detections([1] * 3, boxes, [0.3, 0.2, 0.9], [0] * 3)
    assert suppress(found, 0.3).scores.tolist() == [0.3, 0.9]  # as given


def test_images_and_classes_do_not_suppress_each_other():
    boxes, scores = rows(4, 0.0)
    found = Detections([7, 7, 3, 3], boxes, scores, [0, 1, 0, 0])
    kept = suppress(found, 0.5)
    assert kept.image_ids.tolist() == [7, 7, 3]
    assert kept.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize('count', [0, 1, 600])
def test_touching_boxes_all_stay(count):
    boxes, scores = rows(count, 10.0)
    found = Detections([1] * count, boxes, scores, [0] * count)
    assert len(suppress(found, 0)) == count
