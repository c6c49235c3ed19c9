"""Files that users have, as columns."""

import json

import numpy as np
import pytest

from dense_scene.evaluation.stored.challenge_csv import read_challenge_csv
from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.stored.files import (
    read_evaluation,
    read_ground_truth,
)
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.utils.boxes import xywh_to_xyxy
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    random_scene,
)

# Boxes of b.jpg stand first; the last one reaches out of its image.
TRUTH_CSV = """\
b.jpg,0,0,40,40,object,100,80
a.jpg,10,20,30,60,object,100,80
b.jpg,60,0,140,40,object,100,80
"""


@pytest.fixture
def truth_csv(tmp_path):
    path = tmp_path / 'annotations_test.csv'
    path.write_text(TRUTH_CSV)
    return str(path)


@pytest.fixture
def write(tmp_path):
    def _write(name, text):
        path = tmp_path / name
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return str(path)

    return _write


def test_sku110k_csv_is_repaired_as_by_the_data_set(truth_csv):
    truth = read_ground_truth(truth_csv)
    assert truth.classes == ('object',)
    assert truth.columns.image_ids.tolist() == [0, 1]
    assert truth.file_names == ['b.jpg', 'a.jpg']
    assert truth.image_ids.tolist() == [0, 0, 1]
    assert truth.boxes.tolist() == [
        [0, 0, 40, 40],
        [60, 0, 100, 40],
        [10, 20, 30, 60],
    ]


@pytest.mark.parametrize('header', ['', 'image_name, x1, y1, x2, y2, score\n'])
def test_challenge_csv(truth_csv, write, header):
    path = write(
        'found.csv', header + 'a.jpg, 1.5, 2, 3, 4, 0.25\n\nb.jpg,5,6,7,8,1\n'
    )
    truth, store = read_evaluation(path, truth_csv)
    found = store.detections
    assert found.image_ids.tolist() == [1, 0]
    assert found.boxes.tolist() == [[1.5, 2, 3, 4], [5, 6, 7, 8]]
    assert found.scores.tolist() == [0.25, 1]
    assert found.labels.tolist() == [0, 0]
    assert len(truth.columns) == 2 and store.image_ids is None


def test_empty_challenge_csv(truth_csv, write):
    found = read_challenge_csv(
        write('found.csv', ''), read_ground_truth(truth_csv)
    )
    assert len(found) == 0 and found.boxes.shape == (0, 4)


@pytest.mark.parametrize(
    'row, words',
    [
        ('a.jpg,1,2,3,4', r'row 2 must be image_name, x1, .* but is'),
        ('a.jpg,1,2,3,4,.5,object', 'row 2 must be image_name'),
        ('a.jpg,1,2,3,wide,.5', "row 2 must be .*'wide'"),
        ('c.jpg,1,2,3,4,.5', "1 of 2 are not there, 'c.jpg' among them"),
    ],
)
def test_bad_challenge_rows(truth_csv, write, row, words):
    path = write('found.csv', f'a.jpg,1,2,3,4,.5\n{row}\n')
    with pytest.raises(ValueError, match=words):
        read_evaluation(path, truth_csv)


def test_challenge_csv_that_is_no_text(truth_csv, tmp_path):
    path = tmp_path / 'found.csv'
    path.write_bytes(b'\xff\xd8\xff\xe0')
    with pytest.raises(ValueError, match='must be text, .* not UTF-8'):
        read_evaluation(str(path), truth_csv)


def test_challenge_csv_cannot_tell_classes(write):
    truth, _ = random_scene(0)
    with pytest.raises(ValueError, match='but the ground truth has 2'):
        read_evaluation(write('found.csv', ''), write('truth.json', truth))


def test_coco_files(write):
    truth, found = random_scene(0)
    ground_truth, store = read_evaluation(
        write('found.json', found), write('truth.json', truth)
    )
    assert len(ground_truth) == len(truth['annotations'])
    assert store.detections.xywh.tolist() == [item['bbox'] for item in found]


def test_stored_images_and_classes_choose_the_ground_truth(write, tmp_path):
    truth, _ = random_scene(0, num_classes=3)
    ids = sorted(image['id'] for image in truth['images'])[:2]
    path = str(tmp_path / 'found.npz')
    found = Detections(ids[:1], grid(1), [0.5], [0])
    save_detections(path, found, dict(classes=['class 1']), ids)
    ground_truth, _ = read_evaluation(path, write('truth.json', truth))
    assert sorted(ground_truth.columns.image_ids) == ids
    assert ground_truth.classes == ('class 1',)
    assert len(ground_truth) == sum(
        item['image_id'] in ids and item['category_id'] == 5
        for item in truth['annotations']
    )  # categories 2, 5 and 8


def test_stored_images_that_the_ground_truth_lacks(truth_csv, tmp_path):
    path = str(tmp_path / 'found.npz')
    save_detections(
        path, Detections([], np.zeros((0, 4)), [], []), image_ids=[0, 7, 8]
    )
    with pytest.raises(ValueError, match='lacks 2 of 3, id 7 among them'):
        read_evaluation(path, truth_csv)


@pytest.mark.parametrize(
    'names, error, words',
    [
        (
            ('found.txt', 'truth.json'),
            ValueError,
            'detections must end with .npz, .json, .csv',
        ),
        (
            ('found.json', 'truth.xml'),
            ValueError,
            'ground truth must end with .json, .csv',
        ),
        (
            ('none.json', 'truth.json'),
            FileNotFoundError,
            'detections must be a file, but .* does not exist',
        ),
        (
            ('found.json', 'none.csv'),
            FileNotFoundError,
            'ground truth must be a file, but .* does not exist',
        ),
    ],
)
def test_bad_names(write, tmp_path, names, error, words):
    write('found.json', coco_results(grid(1), [0.5]))
    for name in ('found.txt', 'truth.json', 'truth.xml'):
        write(name, '{}')
    with pytest.raises(error, match=words):
        read_evaluation(*(str(tmp_path / name) for name in names))


def test_predictions_of_det_inferencer(tmp_path):
    """One JSON per image; the boxes are those of the ground truth."""
    truth = coco_dict(grid(3))
    truth['images'] = [
        dict(id=7, file_name='a/x.jpg', width=99, height=99),
        dict(id=8, file_name='b.png', width=99, height=99),
    ]
    for item in truth['annotations']:
        item['image_id'] = 7
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    preds = tmp_path / 'out/preds'
    preds.mkdir(parents=True)
    found = dict(
        labels=[0] * 3, scores=[0.5] * 3, bboxes=xywh_to_xyxy(grid(3)).tolist()
    )
    (preds / 'x.json').write_text(json.dumps(found))
    request = str(tmp_path / 'out'), str(tmp_path / 'truth.json')
    read, store = read_evaluation(*request)
    assert read.columns.image_ids.tolist() == [7]  # of x.jpg alone
    assert np.array_equal(store.detections.boxes, read.boxes)
    (preds / 'x.json').write_text(json.dumps(dict(found, scores=[0.5])))
    with pytest.raises(ValueError, match='x.json must have as many labels'):
        read_evaluation(*request)
    (preds / 'y.json').write_text('{}')
    (preds / 'x.json').write_text(json.dumps(found))
    with pytest.raises(ValueError, match='y.json must be called like one'):
        read_evaluation(*request)
