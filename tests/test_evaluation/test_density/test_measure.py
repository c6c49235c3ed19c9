"""Results by image and by density."""

import numpy as np
import pytest

from dense_scene.evaluation.backends import load_backend
from dense_scene.evaluation.density.measure import measure_density
from dense_scene.evaluation.density.report import group_by_quarter
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    random_scene,
    read,
)


@pytest.fixture(params=range(3))
def scene(request):
    truth, found = random_scene(
        request.param, num_images=9, objects=90, detections=300, num_classes=3
    )
    return read(truth, found)


def test_each_image_equals_an_evaluation_of_it_alone(scene):
    truth, found = scene
    report = measure_density(truth, found, (5, 100))
    reference = load_backend('pycocotools')
    columns = report.per_image
    assert columns['image_id'] == sorted(truth.columns.image_ids)
    for place, image in enumerate(columns['image_id']):
        alone = truth.subset([image])
        tables = reference.evaluate(
            alone, found.take(found.image_ids == image), (5, 100)
        )
        for cap in (5, 100):
            assert columns[f'AP@{cap}'][place] == pytest.approx(
                tables.ap(cap), abs=1e-9
            )
        assert columns['objects'][place] == (~alone.iscrowd).sum()
        assert columns['detections'][place] == len(
            found.take(found.image_ids == image)
        )
        assert columns['file_name'][place] == f'{image}.jpg'


def test_each_group_equals_an_evaluation_of_its_images(scene):
    truth, found = scene
    report = measure_density(truth, found, (5, 100))
    ids = np.array(report.per_image['image_id'])
    for groups, values in (
        (report.by_objects, report.per_image['objects']),
        (report.by_neighbor_iou, report.per_image['neighbor_iou']),
    ):
        masks = group_by_quarter(np.array(values))
        assert sum(group['images'] for group in groups) == len(ids)
        for group, mask in zip(groups, masks, strict=True):
            part = truth.subset(ids[mask])
            tables = load_backend('pycocotools').evaluate(
                part, found.take(np.isin(found.image_ids, ids[mask])), (5, 100)
            )
            assert group['AP@5'] == pytest.approx(tables.ap(5), abs=1e-9)
            assert group['AP@100'] == pytest.approx(tables.ap(100), abs=1e-9)
            assert group['objects'] == part.counts().sum()


def test_recall_of_objects_by_hand():
    # Two equal boxes (neighbor IoU 1) of which one is found, and three
    # touching ones (0), all found.
    boxes = np.vstack((grid(3), [[500, 0, 40, 40]] * 2))
    truth, found = read(
        coco_dict(boxes), coco_results(boxes[:4], (0.9, 0.8, 0.7, 0.6))
    )
    report = measure_density(truth, found, (1, 100))
    assert report.recall_by_neighbor_iou == [
        {
            'range': '0.000-0.000',
            'objects': 3,
            'AR@1': pytest.approx(1 / 3),
            'AR@100': 1,
        },
        {'range': '1.000-1.000', 'objects': 2, 'AR@1': 0, 'AR@100': 0.5},
    ]
    assert report.per_image['neighbor_iou'] == [2 / 5]
    assert report.by_objects[0]['range'] == '5-5'


def test_crowds_are_no_objects():
    truth, found = read(
        coco_dict(np.array([[0, 0, 40, 40]] * 2), iscrowd=[0, 1]), []
    )
    report = measure_density(truth, found)
    assert report.per_image['objects'] == [1]
    assert report.per_image['neighbor_iou'] == [0]
    assert report.recall_by_neighbor_iou[0]['objects'] == 1


def test_no_object_at_all():
    truth, found = read(
        coco_dict(np.zeros((0, 4))), coco_results(grid(2), (0.5, 0.4))
    )
    report = measure_density(truth, found, (100,))
    assert report.per_image['AP@100'] == [-1]
    assert report.recall_by_neighbor_iou == []
    assert 'no objects' in report.format()


@pytest.mark.parametrize(
    'values, groups',
    [
        ([], []),
        ([3], [[3]]),
        ([1, 2, 3, 4], [[1], [2], [3], [4]]),
        ([1, 1, 1, 5], [[1, 1, 1], [5]]),  # equal values stay together
        ([8, 1, 7, 2, 6, 3, 5, 4], [[1, 2], [3, 4], [5, 6], [7, 8]]),
    ],
)
def test_quarters(values, groups):
    values = np.array(values)
    assert [
        sorted(values[mask].tolist()) for mask in group_by_quarter(values)
    ] == groups
