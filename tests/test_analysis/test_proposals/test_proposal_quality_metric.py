"""ProposalQualityMetric: from data samples to numbers, table and errors."""

import logging
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from mmdet.registry import METRICS

from dense_scene.analysis.proposals.proposal_quality_metric import (
    ProposalQualityMetric,
)
from dense_scene.analysis.proposals.quality import measure_proposals

ROW = [[0, 0, 10, 10], [20, 0, 30, 10]]


def quality(objects, *stages, thr=0.5, caps=(100, 300, 1000, 2000)):
    """What the tap measures of one image; proposals are the first stage's."""
    stages = [np.reshape(boxes, (-1, 4)).astype(float) for boxes in stages]
    objects = np.reshape(objects, (-1, 4)).astype(float)
    thresholds = [thr] * len(stages)
    return measure_proposals(objects, stages[0], stages, thresholds, caps)


def evaluate(*qualities, **kwargs):
    metric = METRICS.build(dict(type='ProposalQualityMetric', **kwargs))
    for one in qualities:
        metric.tap = SimpleNamespace(measure=lambda caps, one=one: [one])
        metric.process(None, [{}])
    return metric, metric.evaluate(len(qualities))


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
        quality(ROW, [[50, 0, 60, 10], ROW[0]], [ROW[1], ROW[0]], caps=(1, 2)),
        quality([ROW[0]], [ROW[0]], [ROW[0]], caps=(1, 2)),
        proposal_nums=[1, 2],
    )
    assert values == pytest.approx(
        {
            'proposal/AR_at1': 1 / 3,
            'proposal/AR_at2': 2 / 3,
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
        _, values = evaluate(quality([ROW[0]], half, thr=thr))
        assert values['proposal/stage1_objects_without_positive'] == share


def test_another_prefix():
    _, values = evaluate(quality(ROW, ROW, caps=(2,)), prefix='rpn')
    assert values['rpn/AR_at2'] == 1


def test_the_table_and_the_warning(log):
    evaluate(quality(ROW, [ROW[0]]), quality([], []))
    table, warning = log.records[-2:]
    lines = table.message.splitlines()
    assert lines[1:3] == [
        'Proposals: 0.5 per image, 2 objects in 2 images',
        'AR@100 0.5000  AR@300 0.5000  AR@1000 0.5000  AR@2000 0.5000',
    ]
    cells = [cell.strip() for cell in lines[-2].strip('|').split('|')]
    assert cells == ['1', '0.5', '1.0000', '0.50', '1 (50.00%)']
    assert max(map(len, lines)) < 80
    assert warning.levelno == logging.WARNING
    assert warning.message == (
        'No image has more than 1 proposals, so that AR@100 is AR@1. Raise '
        'model.test_cfg.rpn.nms_pre and max_per_img to measure more.'
    )


def test_no_warning_if_the_caps_are_reached(log):
    evaluate(quality(ROW, ROW, caps=(1, 2)), proposal_nums=(1, 2))
    assert not [r for r in log.records if r.levelno == logging.WARNING]


def test_a_split_among_processes_changes_nothing():
    # What a process sends is what process() keeps, pickled; mmengine puts it
    # back into the order of the data set before compute_metrics sees it.
    generator = np.random.default_rng(0)
    parts = []
    for count in (3, 0, 40, 7, 1):
        boxes = generator.integers(0, 90, (count, 2)).repeat(2, 0)
        boxes = np.hstack([boxes, boxes + generator.integers(5, 30, 2)])
        parts.append(quality(boxes[::2].tolist(), boxes + 1, boxes))
    _, expected = evaluate(*parts)
    values = ProposalQualityMetric().compute_metrics(
        pickle.loads(pickle.dumps(parts))
    )
    assert {f'proposal/{k}': v for k, v in values.items()} == expected


def test_no_image_no_numbers():
    _, values = evaluate()
    assert values == {}


def test_without_the_hook_there_is_nothing_to_measure():
    metric = ProposalQualityMetric()
    with pytest.raises(ValueError, match="'ProposalQualityHook'.* to custom"):
        metric.process(None, [{}])
