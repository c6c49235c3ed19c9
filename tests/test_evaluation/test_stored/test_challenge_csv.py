"""Detections written for the challenge are read as the same ones."""

import json

import numpy as np
import pytest

from dense_scene.cli import main
from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.stored.files import read_evaluation
from dense_scene.evaluation.tables.detections import Detections
from tests.test_evaluation.scenes import read_truth

TRUTH = dict(
    images=[
        dict(id=4, file_name='b.jpg', width=60, height=40),
        dict(id=2, file_name='a.jpg', width=60, height=40),
    ],
    categories=[dict(id=1, name='object')],
    annotations=[
        dict(
            id=1,
            image_id=4,
            category_id=1,
            bbox=[1, 2, 3, 4],
            area=12,
            iscrowd=0,
        )
    ],
)
FOUND = Detections(
    np.array([2, 4, 4]),
    np.array([[1, 2, 3, 4], [0.1, 0, 9.12345, 9], [5, 6, 7, 8]]),
    np.array([0.25, 0.5, 1]),
    np.zeros(3, int),
)


@pytest.fixture
def convert(tmp_path):

    def convert(truth=TRUTH, *more) -> int:
        (tmp_path / 'gt.json').write_text(json.dumps(truth))
        save_detections(tmp_path / 'found.npz', FOUND)
        return main(
            [
                'convert',
                str(tmp_path / 'found.npz'),
                str(tmp_path / 'out.csv'),
                '--from',
                'detections',
                '--to',
                'csv',
                '--ann-file',
                str(tmp_path / 'gt.json'),
                *more,
            ]
        )

    return convert


def test_rows(convert, tmp_path):
    assert convert() == 0
    # Images as in the ground truth, the best detection of each first.
    assert (tmp_path / 'out.csv').read_text() == (
        'image_name,x1,y1,x2,y2,score\n'
        'b.jpg,5,6,7,8,1.000000\n'
        'b.jpg,0.1,0,9.123,9,0.500000\n'
        'a.jpg,1,2,3,4,0.250000\n'
    )
    truth, store = read_evaluation(
        str(tmp_path / 'out.csv'), str(tmp_path / 'gt.json')
    )
    assert store.detections.image_ids.tolist() == [4, 4, 2]
    assert store.detections.scores.tolist() == [1, 0.5, 0.25]


def test_several_classes_or_odd_names_are_refused(convert, capsys):
    two = dict(TRUTH, categories=[dict(id=1, name='a'), dict(id=2, name='b')])
    assert convert(two) == 1
    assert 'but the ground truth has 2' in capsys.readouterr().err
    odd = [dict(item, file_name=f'x,{item["id"]}') for item in TRUTH['images']]
    assert convert(dict(TRUTH, images=odd)) == 1
    assert "but got 'x,4'" in capsys.readouterr().err


def test_other_formats_and_no_ground_truth(convert, tmp_path, capsys):
    assert convert(TRUTH, '--to', 'coco') == 1
    assert "must be one of 'csv', but got 'coco'" in capsys.readouterr().err
    assert (
        main(
            [
                'convert',
                str(tmp_path / 'found.npz'),
                'x',
                '--from',
                'detections',
                '--to',
                'csv',
            ]
        )
        == 1
    )
    assert 'ground truth is needed' in capsys.readouterr().err


def test_what_is_read_is_not_replaced(convert, tmp_path, capsys):
    assert convert(TRUTH) == 0
    files = [tmp_path / 'gt.json', tmp_path / 'found.npz']
    before = [path.read_bytes() for path in files]
    capsys.readouterr()
    for target in files:
        assert (
            main(
                [
                    'convert',
                    str(files[1]),
                    str(target),
                    '--from',
                    'detections',
                    '--to',
                    'csv',
                    '--ann-file',
                    str(files[0]),
                ]
            )
            == 1
        )
        assert 'must not be a source' in capsys.readouterr().err
    assert [path.read_bytes() for path in files] == before
    assert convert(TRUTH, '--digits', '99') == 1
    assert 'digits must be one of 0, 1, 2' in capsys.readouterr().err


def test_no_detection(tmp_path):
    from dense_scene.evaluation.stored.challenge_csv import write_challenge_csv

    empty = FOUND.take(np.zeros(3, bool))
    path = write_challenge_csv(empty, read_truth(TRUTH), tmp_path / 'a.csv')
    assert path.read_text() == 'image_name,x1,y1,x2,y2,score\n'
