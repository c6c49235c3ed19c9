"""mmdet's CocoDataset and CocoMetric, told by name or refused."""

import pytest
import torch
from mmdet.datasets import CocoDataset, Objects365V1Dataset
from mmdet.evaluation import CocoMetric

from dense_scene.engine.start_check.stock_coco import (
    check_order,
    match_categories,
)
from tests.oracle_runner import write_file


def found(names):
    """All objects of ``write_file``, labels by their place in ``names``."""
    boxes = torch.tensor([[10.0 * n, 5, 10 * n + 8, 13] for n in range(3)])
    return dict(
        img_id=1,
        ori_shape=(40, 40),
        pred_instances=dict(
            bboxes=boxes,
            scores=torch.ones(3),
            labels=torch.tensor([names.index(name) for name in 'abb']),
        ),
    )


@pytest.mark.parametrize('order', ['ab', 'ba', 'bac'])
@pytest.mark.parametrize('classes', ['ab', 'ba', 'bxa'])
def test_the_metric_finds_everything_in_any_order(tmp_path, order, classes):
    path = write_file(tmp_path, 'truth.json', order)
    metric = CocoMetric(ann_file=str(path))
    metric.dataset_meta = dict(classes=tuple(classes))
    assert match_categories(metric, tuple(classes)).errors == []
    metric.process({}, [found(classes)])
    assert metric.evaluate(1)['coco/bbox_mAP'] == 1


def test_a_table_by_class_needs_the_order_of_the_file(tmp_path):
    path = write_file(tmp_path, 'truth.json', 'ba')
    metric = CocoMetric(ann_file=str(path), classwise=True)
    assert match_categories(metric, ('b', 'a')).errors == []
    (line,) = match_categories(metric, ('a', 'b')).errors
    assert "order of the classes, 'a', 'b', but it is 'b', 'a'" in line


def test_other_metrics_are_left_alone():
    assert match_categories(CocoMetric(), ('a',)).errors == []
    assert match_categories(object(), ('a',)).errors == []


@pytest.mark.parametrize(
    'order, classes, good',
    [
        ('ab', 'ab', True),
        ('cab', 'ab', True),  # one that is not used
        ('ab', 'abc', True),  # one that the file does not have yet
        ('ba', 'ab', False),
        ('bc', 'abc', False),  # all labels move up by one
    ],
)
def test_labels_and_names_of_the_stock_data_set(
    tmp_path, order, classes, good
):
    path = write_file(tmp_path, 'a.json', order, order[-1])
    dataset = CocoDataset(
        ann_file=str(path),
        metainfo=dict(classes=tuple(classes)),
        data_prefix=dict(img=str(tmp_path)),
    )
    # The oracle: the name that the data set gives the label of the object.
    (instance,) = dataset.get_data_info(0)['instances']
    told = dataset.metainfo['classes'][instance['bbox_label']]
    assert (told == order[-1]) == good
    errors = check_order(dataset).errors
    assert (errors == []) == good
    assert good or 'numbers the categories of' in errors[0]


def test_subclasses_have_rules_of_their_own(tmp_path):
    path = write_file(tmp_path, 'a.json', 'ba')
    dataset = Objects365V1Dataset(
        ann_file=str(path),
        metainfo=dict(classes=('a', 'b')),
        data_prefix=dict(img=str(tmp_path)),
    )
    assert check_order(dataset).errors == []
