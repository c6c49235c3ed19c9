"""The factories that other tests stand on."""

import json

import cv2
import pytest
import torch

from dense_scene.testing import random_boxes, tiny_coco, touching_row


@pytest.mark.parametrize('count', [0, 1, 600])
def test_random_boxes_lie_in_the_image(count, generator):
    boxes = random_boxes(count, (30, 500), generator, torch.float64)
    assert boxes.shape == (count, 4)
    assert boxes.dtype == torch.float64
    assert (boxes >= 0).all()
    assert (boxes <= torch.tensor([30, 500, 30, 500])).all()
    assert (boxes[:, 2:] >= boxes[:, :2]).all()
    if count == 600:  # the whole image is used
        assert boxes[:, 2].max() > 29
        assert boxes[:, 3].max() > 490


def test_random_boxes_follow_the_generator():
    seeded = [
        random_boxes(5, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    ]
    assert torch.equal(seeded[0], seeded[1])
    assert not torch.equal(seeded[0], seeded[2])


def test_touching_row():
    assert touching_row(2, (10, 20), (5, 7)).tolist() == [
        [5, 7, 15, 27],
        [15, 7, 25, 27],
    ]
    row = touching_row(600, (0.1, 1))
    assert torch.equal(row[1:, 0], row[:-1, 2])  # not a rounding apart
    assert touching_row(0).shape == (0, 4)


def test_tiny_coco(tmp_path):
    path = tiny_coco(tmp_path / 'new', classes=('can', 'box'))
    data = json.loads(path.read_text())
    assert [c['name'] for c in data['categories']] == ['can', 'box']
    assert [i['id'] for i in data['images']] == [1, 2]
    # 2 images x 2 rows x 3 boxes, ids from 1
    assert [a['id'] for a in data['annotations']] == list(range(1, 13))
    assert [a['category_id'] for a in data['annotations']] == [1, 2] * 6
    # 96 // 4 = 24 wide, 64 // 2 * 2 // 3 = 21 high, from 12, 32 // 6 = 5 on
    assert [a['bbox'] for a in data['annotations'][:2]] == [
        [12, 5, 24, 21],
        [36, 5, 24, 21],
    ]
    assert data['annotations'][0]['area'] == 24 * 21


def test_tiny_coco_draws_what_it_says(tmp_path):
    data = json.loads(tiny_coco(tmp_path).read_text())
    name = data['images'][0]['file_name']
    picture = cv2.imread(str(tmp_path / 'images' / name))
    assert picture.shape == (64, 96, 3)
    for annotation in data['annotations'][:6]:
        x, y, w, h = annotation['bbox']
        colours = picture[y : y + h, x : x + w].reshape(-1, 3)
        assert (colours == colours[0]).all()
        assert colours[0].min() >= 100
        picture[y : y + h, x : x + w] = 40
    assert (picture == 40).all()


def test_tiny_coco_without_objects(tmp_path):
    data = json.loads(tiny_coco(tmp_path, num_images=1, rows=0).read_text())
    assert data['annotations'] == []
    assert len(data['images']) == 1


def test_too_many_objects_are_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r'leave 2 pixels each, but got \(96, 64\)'
    ):
        tiny_coco(tmp_path, boxes_per_row=99)
