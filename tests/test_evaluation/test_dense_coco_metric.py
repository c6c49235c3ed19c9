"""DenseCocoMetric in the hands of mmengine."""

import copy
import json
import logging
import re

import pytest
import torch
from mmdet.evaluation import CocoMetric
from mmdet.registry import METRICS
from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData

from dense_scene.evaluation.backends import load_backend
from dense_scene.evaluation.dense_coco_metric import DenseCocoMetric
from dense_scene.testing import random_boxes, touching_row

CLASSES = ('bottle', 'can')


def sample(image_id, generator, objects=130, detections=260, ids=CLASSES):
    """Noisy detections of random objects; ties in score."""
    truth = random_boxes(objects, generator=generator)
    labels = torch.randint(len(ids), (objects,), generator=generator)
    source = torch.randint(
        max(objects, 1), (detections if objects else 0,), generator=generator
    )
    shift = torch.randn(len(source), 4, generator=generator) * 15
    boxes = truth[source] + shift
    boxes = torch.cat((boxes[:, :2], torch.max(boxes[:, 2:], boxes[:, :2])), 1)
    scores = torch.rand(len(source), generator=generator)
    return dict(
        img_id=image_id,
        ori_shape=(1000, 1000),
        instances=[
            dict(bbox=box, bbox_label=label, ignore_flag=int(n % 20 == 19))
            for n, (box, label) in enumerate(
                zip(truth.tolist(), labels.tolist())
            )
        ],
        pred_instances=dict(
            bboxes=boxes,
            scores=(scores * 50).round() / 50,
            labels=labels[source],
        ),
    )


def perfect_sample(image_id=0, count=3, **changes):
    boxes = touching_row(count)
    return dict(
        img_id=image_id,
        ori_shape=(100, 100),
        instances=[
            dict(bbox=box, bbox_label=0, ignore_flag=0)
            for box in boxes.tolist()
        ],
        pred_instances={
            'bboxes': boxes,
            'scores': torch.ones(count),
            'labels': torch.zeros(count, dtype=torch.long),
            **changes,
        },
    )


def run(samples, metric=None, **settings):
    metric = metric or DenseCocoMetric(**settings)
    metric.dataset_meta = dict(classes=CLASSES)
    for item in samples:
        metric.process({}, [item])
    return metric.evaluate(len(samples))


def write_coco(path, samples):
    """The ground truth of samples as mmdet's own converter writes it."""
    annotations = [
        dict(
            image_id=item['img_id'],
            category_id=instance['bbox_label'],
            bbox=[x1, y1, x2 - x1, y2 - y1],
            area=(x2 - x1) * (y2 - y1),
            iscrowd=instance['ignore_flag'],
        )
        for item in samples
        for instance in item['instances']
        for x1, y1, x2, y2 in [instance['bbox']]
    ]
    path.write_text(
        json.dumps(
            dict(
                images=[
                    dict(
                        id=item['img_id'],
                        height=1000,
                        width=1000,
                        file_name=f'{item["img_id"]}.jpg',
                    )
                    for item in samples
                ],
                categories=[
                    dict(id=n, name=name) for n, name in enumerate(CLASSES)
                ],
                annotations=[
                    dict(item, id=n + 1) for n, item in enumerate(annotations)
                ],
            )
        )
    )
    return str(path)


@pytest.fixture
def log(monkeypatch):
    """What the metric writes, as (level, line)."""
    lines = []
    logger = MMLogger.get_current_instance()
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(
        (record.levelname, record.getMessage())
    )
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def warnings(log):
    return [line for level, line in log if level == 'WARNING']


def test_equals_mmdet_at_its_mixed_caps(generator, tmp_path):
    # CocoMetric takes mAP and AR@100 at 100, the rest at 1000, and rounds.
    samples = [sample(n, generator, 150, 300) for n in (3, 1)]
    stock = CocoMetric(classwise=True)
    stock.dataset_meta = dict(classes=CLASSES)
    stock.process({}, copy.deepcopy(samples))
    theirs = stock.evaluate(2)
    ann_file = write_coco(tmp_path / 'truth.json', samples)
    for settings in (dict(), dict(ann_file=ann_file)):
        ours = run(samples, max_dets=(100, 1000), classwise=True, **settings)
        for key, value in theirs.items():
            cap = 100 if key == 'coco/bbox_mAP' else 1000
            assert ours[f'{key}_at{cap}'] == pytest.approx(
                value, abs=5.01e-4
            ), key
        # The two caps differ here, so that the test sees which is which.
        assert (
            ours['coco/bbox_mAP_at1000'] > ours['coco/bbox_mAP_at100'] + 0.01
        )


def test_backends_agree_on_every_key(generator):
    samples = [sample(n, generator, 40, 90) for n in range(3)]
    ours = run(samples, max_dets=(10, 100), classwise=True)
    reference = run(
        samples, max_dets=(10, 100), classwise=True, backend='pycocotools'
    )
    assert ours == pytest.approx(reference, abs=1e-9)


def test_every_key_names_its_number(generator):
    names = [
        'bbox_mAP',
        'bbox_mAP_50',
        'bbox_mAP_75',
        'bbox_mAP_s',
        'bbox_mAP_m',
        'bbox_mAP_l',
        'AR',
        'recall_bound',
    ]
    result = run([sample(0, generator)], max_dets=[300, 7])
    plain = {f'coco/{name}' for name in names[:6]}  # as CocoMetric has them
    assert set(result) == {'coco/nan_boxes'} | plain | {
        f'coco/{name}_at{cap}' for name in names for cap in (7, 300)
    }
    for name in plain:
        assert result[name] == result[f'{name}_at300']


@pytest.mark.parametrize('classwise', [False, True])
def test_names_are_known_beforehand_and_fit_every_logger(generator, classwise):
    classes = ('can', 'cup (blue)', 'cup [blue]', 'Kästchen@3')
    metric = DenseCocoMetric(classwise=classwise, count=True)
    metric.dataset_meta = dict(classes=classes)
    metric.process({}, [sample(0, generator, ids=classes)])
    values = metric.evaluate(1)
    assert set(metric.result_names(classes)) == set(values)
    # What MLflow takes: mlflow/utils/validation.py.
    assert all(re.fullmatch(r'[/\w.\- :]*', name) for name in values)
    assert all(isinstance(value, (int, float)) for value in values.values())
    if classwise:
        assert 'coco/cup_blue_precision_at300' in values
        assert 'coco/cup_blue_2_precision' in values
        assert 'coco/count_Kästchen_3_MAE_at0.5' in values


def test_values_are_not_rounded():
    # 1 of 3 objects found, alone in its image: recall points 0 to .33, 34
    # of 101.
    item = perfect_sample(
        bboxes=touching_row(1),
        scores=torch.ones(1),
        labels=torch.zeros(1, dtype=torch.long),
    )
    result = run([item])
    assert result['coco/bbox_mAP_at100'] == pytest.approx(34 / 101, abs=1e-9)
    assert result['coco/AR_at300'] == pytest.approx(1 / 3, abs=1e-12)


def test_perfect_prediction_is_one_and_absent_sizes_are_not_defined():
    result = run([perfect_sample(n) for n in range(3)])
    assert result['coco/bbox_mAP_at100'] == pytest.approx(1, abs=1e-9)
    assert result['coco/AR_at300'] == 1
    assert result['coco/bbox_mAP_l_at100'] == -1


def test_no_detection_and_no_object():
    none = dict(
        bboxes=torch.zeros(0, 4),
        scores=torch.zeros(0),
        labels=torch.zeros(0, dtype=torch.long),
    )
    missed = run([perfect_sample(**none)])
    assert missed['coco/bbox_mAP_at100'] == 0 == missed['coco/AR_at100']
    empty = run([perfect_sample(count=0)])
    assert empty['coco/bbox_mAP_at100'] == -1 == empty['coco/AR_at100']
    assert empty['coco/recall_bound_at100'] == 1


def test_recall_bound_by_hand(log):
    # Caps are per image and class: 120 and 30 objects of one class each.
    item = perfect_sample(count=150)
    for instance in item['instances'][120:]:
        instance['bbox_label'] = 1
    result = run([item], max_dets=(100, 200))
    assert result['coco/recall_bound_at100'] == (100 + 30) / 150
    assert result['coco/recall_bound_at200'] == 1


def test_save_best_takes_any_key(tmp_path):
    key = 'coco/bbox_mAP_at300'
    hook = CheckpointHook(save_best=key)
    assert hook.rules == ['greater']  # known without being told
    assert run([perfect_sample()])[key] > 0.99


def test_built_from_a_config_and_run_by_mmengine(generator):
    evaluator = Evaluator(dict(type='mmdet.DenseCocoMetric', max_dets=[100]))
    assert METRICS.get('DenseCocoMetric') is DenseCocoMetric
    item = perfect_sample()
    item['pred_instances'] = InstanceData(**item['pred_instances'])
    evaluator.dataset_meta = dict(classes=CLASSES)
    evaluator.process(
        [dict(item, pred_instances=item['pred_instances'].to_dict())]
    )
    assert evaluator.evaluate(1)['coco/bbox_mAP_at100'] > 0.99
    assert evaluator.metrics[0].results == []


@pytest.mark.parametrize(
    'dtype', [torch.float16, torch.bfloat16, torch.float64]
)
def test_other_precisions(dtype):
    boxes = touching_row(3, dtype=dtype)
    item = perfect_sample(bboxes=boxes, scores=torch.ones(3, dtype=dtype))
    assert run([item])['coco/bbox_mAP_at100'] > 0.99


def test_order_of_images_changes_no_bit(generator):
    samples = [sample(n, generator, 40, 90) for n in range(6)]
    assert run(samples) == run(samples[::-1])


def test_crowds_are_neither_found_nor_missed():
    item = perfect_sample()
    item['instances'][2]['ignore_flag'] = 1
    assert run([item])['coco/bbox_mAP_at100'] == pytest.approx(1, abs=1e-9)
    item['pred_instances'] = {
        name: column[:2] for name, column in item['pred_instances'].items()
    }
    assert run([item])['coco/bbox_mAP_at100'] == pytest.approx(1, abs=1e-9)


def test_table_shows_every_cap_in_79_columns(log, generator):
    run(
        [sample(n, generator) for n in range(2)],
        max_dets=(100, 300, 1000),
        classwise=True,
        density=True,
    )
    table = next(line for _, line in log if 'recall bound' in line)
    caps = [row.split('|')[1].strip() for row in table.splitlines()[4:7]]
    assert caps == ['100', '300', '1000']
    for _, line in log:
        assert all(len(row) <= 79 for row in line.splitlines()[1:]), line


def test_nan_boxes_are_counted_and_not_scored(log):
    boxes = torch.cat((torch.full((1, 4), float('nan')), touching_row(3)))
    item = perfect_sample(
        bboxes=boxes,
        scores=torch.ones(4),
        labels=torch.zeros(4, dtype=torch.long),
    )
    result = run([item])
    assert result['coco/nan_boxes'] == 1
    assert result['coco/bbox_mAP_at100'] == pytest.approx(1, abs=1e-9)
    assert any('1 of 4 detections hold NaN' in line for line in warnings(log))


@pytest.mark.parametrize(
    'changes, words',
    [
        (dict(bboxes=torch.tensor([[5.0, 0, 1, 1]] * 3)), 'x1 <= x2'),
        (dict(scores=torch.tensor([0.1, 0.2, 1.5])), 'a score from 0 to 1'),
        (dict(labels=torch.tensor([0, 0, 2])), 'one of the 2 classes'),
    ],
)
def test_bad_predictions(changes, words):
    with pytest.raises(ValueError, match=words):
        run([perfect_sample(**changes)])


def test_one_image_twice():
    with pytest.raises(ValueError, match='every image once, but 4 came 2'):
        run([perfect_sample(4), perfect_sample(4)])


def test_no_image():
    with pytest.raises(ValueError, match='every image once, but there are'):
        run([])


def test_no_ground_truth():
    item = perfect_sample()
    del item['instances']
    with pytest.raises(ValueError, match='Add the hook or ann_file'):
        run([item])


def test_no_classes():
    metric = DenseCocoMetric()
    metric.process({}, [perfect_sample()])
    with pytest.raises(ValueError, match='classes must be known'):
        metric.evaluate(1)


@pytest.mark.parametrize('image_id', ['a.jpg', '007', 2**127, '7'])
def test_image_ids_of_any_kind(image_id):
    assert run([perfect_sample(image_id)])['coco/bbox_mAP_at100'] == 1


def test_what_is_no_image_id():
    with pytest.raises(ValueError, match='img_id must be an integer or a te'):
        run([perfect_sample(1.5)])


@pytest.mark.parametrize(
    'settings, words',
    [
        *(
            (dict(max_dets=value), 'max_dets must be one or more positive')
            for value in [(0, 100), (100, -1), (), (1.5,), 'all', (True,)]
        ),
        (dict(backend='fast'), 'backend must be one of'),
    ],
)
def test_bad_settings(settings, words):
    with pytest.raises(ValueError, match=words):
        DenseCocoMetric(**settings)


def test_ann_file_that_does_not_exist():
    with pytest.raises(FileNotFoundError, match="'none.json' does not exist"):
        DenseCocoMetric(ann_file='none.json')


def test_ann_file_is_read_before_inference_is_over(tmp_path):
    path = tmp_path / 'truth.json'
    path.write_text('{')
    metric = DenseCocoMetric(ann_file=str(path))
    with pytest.raises(ValueError, match='must be a COCO JSON file'):
        metric.process({}, [perfect_sample()])


def test_ann_file_without_a_class_or_an_image(tmp_path):
    item = perfect_sample(1)
    item['instances'][0]['bbox_label'] = 1  # a can
    ann_file = write_coco(tmp_path / 'truth.json', [item])
    metric = DenseCocoMetric(ann_file=ann_file)
    metric.dataset_meta = dict(classes=('bottle', 'jar'))
    with pytest.raises(ValueError, match=r"lacks \['jar'\]; it has \['can"):
        metric.process({}, [perfect_sample(1)])
    with pytest.raises(ValueError, match='lacks 1 of 1, id 2 among them'):
        run([perfect_sample(2)], ann_file=ann_file)


def test_labels_of_the_ann_file_are_matched_by_name(tmp_path, generator):
    """The file lists bottle and can, the model can and bottle."""
    items = [sample(n, generator, 40, 60) for n in range(2)]
    ann_file = write_coco(tmp_path / 'truth.json', items)
    expected = run(items, ann_file=ann_file, classwise=True)
    assert expected['coco/can_precision'] != expected['coco/bottle_precision']
    metric = DenseCocoMetric(ann_file=ann_file, classwise=True)
    metric.dataset_meta = dict(classes=('can', 'bottle'))
    for item in items:
        found = item['pred_instances']
        metric.process(
            {},
            [
                {
                    **item,
                    'pred_instances': {**found, 'labels': 1 - found['labels']},
                }
            ],
        )
    assert metric.evaluate(2) == expected


def test_only_evaluated_images_of_the_ann_file_count(tmp_path, log):
    samples = [perfect_sample(n) for n in range(3)]
    ann_file = write_coco(tmp_path / 'truth.json', samples)
    result = run(samples[:1], ann_file=ann_file)
    assert result['coco/bbox_mAP_at100'] == pytest.approx(1, abs=1e-9)
    assert any(
        '3 images, of which 1 were evaluated' in line for line in warnings(log)
    )


def test_low_max_dets_are_warned_of_once(log):
    metric = DenseCocoMetric(max_dets=(2, 3))
    metric.model_caps = {
        'test_cfg.rcnn.max_per_img': 1,
        'test_cfg.rpn.max_per_img': 1000,
    }
    for _ in range(2):
        run([perfect_sample()], metric)
    lines = warnings(log)
    assert len(lines) == 2
    assert 'max_dets 2 is below 3, the 99.5th' in lines[0]
    assert '0.6667 cannot show' in lines[0]  # 2 of 3 objects
    assert 'test_cfg.rcnn.max_per_img of the model is 1, below 3' in lines[1]


def test_density_report_is_kept_and_written(tmp_path, generator):
    path = tmp_path / 'density.json'
    metric = DenseCocoMetric(density_file=str(path))
    values = run([sample(n, generator, 30, 60) for n in (4, 2)], metric)
    content = json.loads(path.read_text())
    assert content['per_image']['image_id'] == [2, 4]
    assert content['per_image'] == metric.density_report.per_image
    assert 'coco/bbox_mAP_at300' in values


def test_installing_it_patches_nothing():
    import pycocotools.cocoeval

    load_backend('hotcoco')
    assert pycocotools.cocoeval.COCOeval.__module__ == 'pycocotools.cocoeval'


def test_other_sizes_than_annotated_are_warned_of(tmp_path, log):
    """The loaded size is that of the pixels; the file says another."""
    images = [
        dict(id=1, file_name='a.jpg', width=100, height=100),
        dict(id=2, file_name='b.jpg', width=80, height=60),
        dict(id=3, file_name='c.jpg'),
    ]
    path = tmp_path / 'truth.json'
    truth = dict(
        images=images,
        annotations=[],
        categories=[dict(id=n, name=c) for n, c in enumerate(CLASSES)],
    )
    path.write_text(json.dumps(truth))
    samples = [perfect_sample(id) for id in (1, 2, 3)]
    samples[1]['ori_shape'] = (80, 60)
    run(samples, ann_file=str(path))
    (line,) = (line for line in warnings(log) if 'size' in line)
    assert '1 of 3 images have not the size' in line
    assert "'b.jpg' is 60x80, not 80x60 (1 with width and height" in line


def test_nothing_to_compare_with_is_said(log):
    sample = perfect_sample()
    sample['instances'] = []
    assert run([sample])['coco/bbox_mAP_at100'] == -1
    assert any('nothing to compare with' in line for line in warnings(log))
