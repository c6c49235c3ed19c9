"""From photos to tables, with a detector that reads pixels."""

import csv
import json
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from dense_scene.datasets.importers.read_annotations import read_annotations
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from dense_scene.inference.photos import find_photos
from dense_scene.inference.predict import predict_photos, write_results
from dense_scene.inference.threshold import Threshold
from dense_scene.visualization.dense_picture import PictureBoxes

from .sheets import PerfectDetector

BOXES = [[10, 20, 60, 80], [60, 20, 110, 80], [150, 100, 200, 180]]
HALF = Threshold(0.5, 'given')


class Detector(PerfectDetector):
    """Two classes in turns; every image has a last box of score 0.4."""

    classes = ('box', 'can')

    def find(self, image):
        boxes = super().find(image).boxes
        boxes = np.vstack([boxes, [[0, 0, 5, 5]]])
        scores = np.full(len(boxes), 0.9)
        scores[-1] = 0.4
        return PictureBoxes(boxes, np.arange(len(boxes)) % 2, scores)


@pytest.fixture
def folder(tmp_path, sheet):
    """Images of 3, 2 and no objects."""
    for number, name in zip((3, 2, 0), ('a.png', 'b.png', 'sub/c.png')):
        sheet(tmp_path / 'in' / name, BOXES[:number])
    return tmp_path / 'in'


def run(folder, out, detector=None, threshold=HALF, batch_size=2, **how):
    photos = find_photos(str(folder))
    detector = detector or Detector()
    outcome = predict_photos(
        detector, photos, out, dict(weights='x'), batch_size, progress=False
    )
    classes = detector.classes
    total = write_results(outcome, classes, threshold, out, **how)
    return outcome, total


def rows(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def test_boxes_and_counts(folder, tmp_path):
    out = tmp_path / 'out'
    outcome, total = run(folder, out)
    assert total == 5 and not outcome.faults
    first = rows(out / 'boxes.csv')[0]
    wanted = dict(
        zip(('x1', 'y1', 'x2', 'y2'), ['10.00', '20.00', '60.00', '80.00'])
    )
    assert first == {
        'image': 'a.png', **wanted, 'score': '0.9000', 'class': 'box'
    }  # fmt: skip
    counts = rows(out / 'counts.csv')
    assert [(r['image'], r['class'], r['count']) for r in counts] == [
        *(('a.png', 'box', '2'), ('a.png', 'can', '1')),
        *(('b.png', 'box', '1'), ('b.png', 'can', '1')),
        *(('sub/c.png', 'box', '0'), ('sub/c.png', 'can', '0')),
    ]
    assert {(r['score_thr'], r['chosen_by']) for r in counts} == {
        ('0.5', 'given')
    }
    # one row for each object that is counted
    assert len(rows(out / 'boxes.csv')) == total


def test_coco_results_can_be_evaluated(folder, tmp_path):
    run(folder, tmp_path / 'out')
    truth = GroundTruth.from_coco(tmp_path / 'out/images.json')
    found = Detections.from_coco(tmp_path / 'out/predictions.json', truth)
    found.validate(truth)
    # all boxes: with those of score 0.4
    assert len(found) == 5 + 3 and truth.classes == ('box', 'can')
    assert truth.file_names == ['a.png', 'b.png', 'sub/c.png']
    np.testing.assert_allclose(found.boxes[0], BOXES[0])


def test_pre_labels_come_back_through_our_readers(folder, tmp_path):
    out = tmp_path / 'out'
    run(folder, out)
    found = read_annotations(out / 'cvat.xml', 'cvat')
    assert found.names == ['a.png', 'b.png', 'sub/c.png']
    assert found.classes == ('box', 'can')
    np.testing.assert_allclose(found.columns.boxes[:3], BOXES)
    assert ElementTree.parse(out / 'cvat.xml').getroot().tag == 'annotations'
    tasks = json.loads((out / 'label_studio.json').read_text())
    assert [len(t['predictions'][0]['result']) for t in tasks] == [3, 2, 0]
    value = tasks[0]['predictions'][0]['result'][0]['value']
    # 10 of 300 and 20 of 200 pixels; 50 wide, 60 high
    assert value['x'] == pytest.approx(10 / 3) and value['y'] == 10
    assert value['width'] == pytest.approx(50 / 3) and value['height'] == 30
    assert value['rectanglelabels'] == ['box']


def test_pictures(folder, tmp_path):
    run(folder, tmp_path / 'out', pictures=True)
    picture = cv2.imread(str(tmp_path / 'out/pictures/sub/c.png.jpg'))
    # 200 pixels high: enlarged by 640 / 200, rounded
    assert picture.shape[1] == 900


def test_a_stopped_run_goes_on(folder, tmp_path, capsys):
    class Stops(Detector):
        def __call__(self, images):
            if self.calls:
                raise KeyboardInterrupt
            return super().__call__(images)

    with pytest.raises(KeyboardInterrupt):
        run(folder, tmp_path / 'out', Stops())
    detector = Detector()
    _, total = run(folder, tmp_path / 'out', detector)
    assert total == 5 and detector.calls == [1]
    assert '2 images are finished already' in capsys.readouterr().err
    run(folder, tmp_path / 'out', detector)
    assert detector.calls == [1]


def test_a_broken_image_is_named_and_passed_over(folder, tmp_path, capsys):
    (folder / 'b.jpg').write_text('text')
    detector = Detector()
    outcome, total = run(folder, tmp_path / 'out', detector)
    assert total == 5 and list(outcome.faults) == ['b.jpg']
    assert 'passed over: b.jpg is no image' in capsys.readouterr().err
    # once it is there it is looked at
    (folder / 'b.jpg').write_bytes((folder / 'a.png').read_bytes())
    outcome, total = run(folder, tmp_path / 'out', detector)
    assert total == 8 and not outcome.faults


def test_an_image_that_the_model_cannot_take(folder, tmp_path, capsys, sheet):
    class Picky(Detector):
        def __call__(self, images):
            if min(image.shape[0] for image in images) < 5:
                raise ValueError('too\nflat')
            if min(image.shape[1] for image in images) < 5:
                cv2.resize(images[-1], (0, 9))
            return super().__call__(images)

    sheet(folder / 'flat.png', BOXES[:1], (300, 1))
    sheet(folder / 'thin.png', BOXES[:1], (2, 200))
    outcome, total = run(folder, tmp_path / 'out', Picky(), batch_size=5)
    assert total == 5 and list(outcome.faults) == ['flat.png', 'thin.png']
    printed = capsys.readouterr().err
    assert 'flat.png cannot be looked at (too flat)' in printed
    assert 'thin.png is too narrow for the model: 2 x 200' in printed


def test_a_full_disk_loses_no_finished_image(folder, tmp_path, monkeypatch):
    out = tmp_path / 'out'
    run(folder, out)
    before = (out / 'boxes.csv').read_bytes()

    def full(*args, **options):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('csv.writer', full)
    with pytest.raises(OSError, match=r"No space.*boxes.csv'"):
        run(folder, out, threshold=Threshold(0.1, 'given'))
    assert (out / 'boxes.csv').read_bytes() == before
    assert not list(out.glob('*.tmp'))


def test_ids_and_categories_of_a_coco_file(folder, tmp_path):
    path = tmp_path / 'in/coco.json'
    images = [dict(id=9, file_name='b.png')]
    names = [dict(id=5, name='can'), dict(id=2, name='box')]
    path.write_text(json.dumps(dict(images=images, categories=names)))
    photos = find_photos(str(path))
    _, _ = run(path, tmp_path / 'out', category_ids=photos.category_ids)
    found = json.loads((tmp_path / 'out/predictions.json').read_text())
    assert [(f['image_id'], f['category_id']) for f in found] == [
        *((9, 2), (9, 5), (9, 2))
    ]
    with pytest.raises(ValueError, match=r"lacks \['box'\]"):
        run(path, tmp_path / 'out', category_ids={'can': 1})


def test_names_that_others_chose(folder, tmp_path):
    """They lead out of the folder, or are neither XML nor a URL."""
    odd = '../in/b\x01 & <c>.png'
    (folder / odd[6:]).write_bytes((folder / 'b.png').read_bytes())
    path = folder / 'coco.json'
    path.write_text(json.dumps(dict(images=[dict(id=1, file_name=odd)])))
    out = tmp_path / 'results' / 'out'
    _, total = run(path, out, pictures=True)
    assert total == 2
    assert [p.name for p in (out / 'pictures').rglob('*.jpg')] == [
        f'{odd[6:]}.jpg'
    ]
    assert {p.name for p in (tmp_path / 'results').iterdir()} == {'out'}
    image = ElementTree.parse(out / 'cvat.xml').find('image')
    assert image.get('name') == '../in/b? & <c>.png' and len(image) == 2
    task = json.loads((out / 'label_studio.json').read_text())[0]
    assert task['data']['image'].endswith('/in/b%01%20%26%20%3Cc%3E.png')
