"""Names of results out of a config are those that its metric gives."""

import pytest
from mmdet.registry import METRICS

from dense_scene.evaluation.result_names import names_in_config


@pytest.mark.parametrize(
    'given',
    [
        {},
        dict(max_dets=(300, 7), prefix='val'),
        dict(count=True, score_thr=0),
        dict(count=True, score_thr=0.25, max_dets=[500], prefix=None),
    ],
)
def test_as_the_metric_names_them(given):
    evaluator = dict(type='DenseCocoMetric', **given)
    metric = METRICS.build(dict(evaluator))
    classes = ('can', 'box')
    assert names_in_config(evaluator) == metric.result_names(classes)
    evaluator['type'] = 'mmdet.DenseCocoMetric'
    assert names_in_config(evaluator) == metric.result_names(classes)


@pytest.mark.parametrize(
    'evaluator',
    [
        None,
        dict(type='VOCMetric'),
        dict(type='DenseCocoMetric', classwise=True),  # of unknown classes
        [dict(type='DenseCocoMetric')],
    ],
)
def test_others_may_give_any(evaluator):
    assert names_in_config(evaluator) == []
