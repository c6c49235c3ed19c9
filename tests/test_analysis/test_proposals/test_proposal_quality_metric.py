"""ProposalQualityMetric: from data samples to numbers, table and errors."""

import logging

import numpy as np
import pytest
import torch
from mmdet.registry import METRICS
from mmdet.structures.bbox import HorizontalBoxes

from dense_scene.analysis.proposals.proposal_quality_metric import (
    ProposalQualityMetric,
)

ROW = [[0, 0, 10, 10], [20, 0, 30, 10]]


def sample(objects, *stages, thr=0.5):
    return dict(
        gt_instances=dict(bboxes=torch.tensor(objects).reshape(-1, 4)),
        # Ignored objects stand apart and are not looked at.
        ignored_instances=dict(bboxes=torch.ones(3, 4)),
        stage_inputs=[
            dict(boxes=np.array(boxes, float).reshape(-1, 4), pos_iou_thr=thr)
            for boxes in stages
        ],
    )


def evaluate(*samples, **kwargs):
    metric = METRICS.build(dict(type='ProposalQualityMetric', **kwargs))
    for one in samples:
        metric.process(None, [one])
    return metric, metric.evaluate(len(samples))


@pytest.fixture
def log(caplog):
    """The messages of print_log(logger='current')."""
    from mmengine.logging import MMLogger

    logger = MMLogger.get_instance('proposal-quality-test')
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


def test_numbers_over_two_images_and_two_stages():
    metric, values = evaluate(
        # Stage 1: the first object found, at rank 1 of 2; stage 2: both.
        sample(ROW, [[50, 0, 60, 10], ROW[0]], [ROW[1], ROW[0]]),
        sample([ROW[0]], [ROW[0]], [ROW[0]]),
        proposal_nums=[1, 2],
    )
    assert values == pytest.approx(
        {
            'proposal/AR@1': 1 / 3,
            'proposal/AR@2': 2 / 3,
            'proposal/proposals_per_image': 1.5,
            'proposal/stage1_mean_iou': 2 / 3,
            'proposal/stage2_mean_iou': 1,
            'proposal/stage1_positives_per_object': 2 / 3,
            'proposal/stage2_positives_per_object': 1,
            'proposal/stage1_objects_without_positive': 1 / 3,
            'proposal/stage2_objects_without_positive': 0,
        }
    )
    assert (metric.quality.images, metric.quality.objects) == (2, 3)
    assert metric.results == []


def test_the_threshold_comes_with_the_sample():
    half = [[0, 0, 10, 5]]  # IoU 0.5
    for thr, share in ((0.5, 0), (0.6, 1)):
        _, values = evaluate(sample([ROW[0]], half, thr=thr))
        assert values['proposal/stage1_objects_without_positive'] == share


def test_box_types_and_other_prefixes():
    one = sample(ROW, ROW)
    one['gt_instances']['bboxes'] = HorizontalBoxes(torch.tensor(ROW).float())
    _, values = evaluate(one, prefix='rpn', proposal_nums=(2,))
    assert values['rpn/AR@2'] == 1


def test_the_table_and_the_warning(log):
    evaluate(sample(ROW, [ROW[0]]), sample([], []))
    table, warning = log.records[-2:]
    assert table.message.splitlines()[1:] == [
        'Proposals: 0.5 per image, 2 objects in 2 images',
        'AR@100 0.5000  AR@300 0.5000  AR@1000 0.5000  AR@2000 0.5000',
        'stage  positive from  mean IoU  positives/object  objects without',
        '    1           0.50    1.0000              0.50        1 (50.00%)',
    ]
    assert warning.levelno == logging.WARNING
    assert warning.message == (
        'No image has more than 1 proposals, so that AR@100 is AR@1. Raise '
        'model.test_cfg.rpn.nms_pre and max_per_img to measure more.'
    )


def test_no_warning_if_the_caps_are_reached(log):
    evaluate(sample(ROW, ROW), proposal_nums=(1, 2))
    assert not [r for r in log.records if r.levelno == logging.WARNING]


def test_a_split_among_processes_changes_nothing():
    # What a process sends is what process() keeps; mmengine puts it back
    # into the order of the data set before compute_metrics sees it.
    generator = np.random.default_rng(0)
    samples = []
    for count in (3, 0, 40, 7, 1):
        boxes = generator.integers(0, 90, (count, 2)).repeat(2, 0)
        boxes = np.hstack([boxes, boxes + generator.integers(5, 30, 2)])
        samples.append(sample(boxes[::2].tolist(), boxes + 1, boxes))
    _, expected = evaluate(*samples)
    ranks = [ProposalQualityMetric() for _ in range(2)]
    for i, one in enumerate(samples):
        ranks[i % 2].process(None, [one])
    gathered = [ranks[i % 2].results[i // 2] for i in range(5)]
    values = ranks[0].compute_metrics(gathered)
    assert {f'proposal/{k}': v for k, v in values.items()} == expected


def test_no_image_no_numbers():
    _, values = evaluate()
    assert values == {}


def test_errors_say_what_to_add():
    without_hook = sample(ROW, ROW)
    del without_hook['stage_inputs']
    with pytest.raises(ValueError) as error:
        evaluate(without_hook)
    assert str(error.value) == (
        "data samples must hold 'stage_inputs' for ProposalQualityMetric, "
        "but got only ['gt_instances', 'ignored_instances']. Add "
        "dict(type='ProposalQualityHook') to custom_hooks."
    )
    without_truth = sample(ROW, ROW)
    without_truth['gt_instances'] = {}
    with pytest.raises(
        ValueError,
        match=r"must hold ground truth in 'gt_instances' .* there is none. "
        r"Add dict\(type='LoadAnnotations', with_bbox=True\) after Resize",
    ):
        evaluate(without_truth)
    with pytest.raises(ValueError, match='proposal_nums must be whole'):
        evaluate(proposal_nums=(0,))
