"""Every system of Tables 2 and 3, and today's: builds, trains, predicts.

The leaves share few models, and the small variants of nuclei and shelves are
the same: so what runs a model runs each distinct small one, once.
"""

import re
from pathlib import Path

import pytest
import torch
from mmdet.registry import DATASETS, MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmengine.utils import get_installed_path

from dense_scene.testing import tiny_coco, touching_row
from tests.config_files import (
    CONFIGS,
    LEAVES,
    ROOT,
    difference,
    limit_boxes,
    load,
)

FAMILIES = (
    'faster_rcnn',
    'yolo',
    'retinanet',
    'fcos',
    'ppyolo',
    'rtmdet',
    'ddq',
)
SYSTEMS = [
    path
    for path in LEAVES
    if path.parent.name in FAMILIES or path.stem.endswith('_coco')
]
SMALL = {
    path.name.split('-scratch')[0]: path
    for path in SYSTEMS
    if path.stem.endswith('-3e_shelves')
}
SMALL['cascade-rcnn_r18'] = (
    CONFIGS / 'shelves/cascade-rcnn_r18-scratch_fpn_dense-proposal-'
    'balanced-l1_1xb4-3e_shelves.py'
)
each_system = pytest.mark.parametrize('path', SYSTEMS, ids=lambda p: p.stem)
each_small = pytest.mark.parametrize('name', sorted(SMALL))


def data_of(path) -> str:
    """``sku110k-sub``, ``coco``, ``nuclei`` or ``shelves``."""
    return path.stem.rsplit('_', 1)[1]


@pytest.mark.parametrize('family', FAMILIES)
def test_a_family_has_all_four_data_sets(family):
    found = [data_of(p) for p in SYSTEMS if p.parent.name == family]
    assert set(found) == {'sku110k-sub', 'coco', 'nuclei', 'shelves'}


def heads_of(model):
    """Every part of a model's config that names a number of classes."""
    if isinstance(model, dict):
        if 'num_classes' in model:
            yield model
        model = list(model.values())
    if isinstance(model, (list, tuple)):
        for part in model:
            yield from heads_of(part)


@each_system
def test_classes_and_weights(path):
    model = load(path).model
    wanted = 80 if data_of(path) == 'coco' else 1
    assert {head.num_classes for head in heads_of(model)} == {wanted}
    small = '-scratch' in path.name
    weights = model.backbone.get('init_cfg')
    assert (weights is None) if small else (weights.type == 'Pretrained')


def test_every_distinct_model_builds():
    """As shapes without numbers, since the small ones run below."""
    init_default_scope('mmdet')
    models = {repr(cfg.to_dict()): cfg for cfg in map(model_of, SYSTEMS)}
    # Nine systems for SKU-110K and for COCO, SENet154 in two forms, two
    # Cascades for COCO, and nine small models
    assert len(models) == 9 * 2 + 2 + 2 + 9
    with torch.device('meta'):
        for config in models.values():
            MODELS.build(config)


def test_the_table_of_sizes_is_that_of_the_models():
    """docs/results/systems.md: parameters in millions, by config."""
    init_default_scope('mmdet')
    text = (ROOT / 'docs/results/systems.md').read_text()
    rows = re.findall(r'\(../../(configs/\S+)\) \| ([\d.]+) \|', text)
    for name, millions in rows:
        with torch.device('meta'):
            model = MODELS.build(load(ROOT / name).model)
        count = sum(p.numel() for p in model.parameters())
        assert f'{count / 1e6:.2f}' == millions, name
    named = {ROOT / name for name, _ in rows}
    coco = {p for p in SYSTEMS if data_of(p) == 'coco'}
    assert named == coco | set(SMALL.values())


def model_of(path):
    return load(path).model


# Objects that an image may hold: 99.5% of SKU-110K's images hold no more, and
# shelves are rendered like them; the fullest image of nuclei; COCO's protocol
# counts 100.
NEEDED = {'sku110k-sub': 356, 'shelves': 356, 'nuclei': 375, 'coco': 100}
# How many objects can pass; each takes the dict in which the key stands.
CAPS = {
    'nms_pre': lambda part: part['nms_pre'],
    'max_per_img': lambda part: part['max_per_img'],
    'max_dets': lambda part: max(part['max_dets']),
    # Positives of a sampler
    'num': lambda part: int(part['num'] * part['pos_fraction']),
    'num_queries': lambda part: part['num_queries'],
    'num_dn_queries': lambda part: part['num_dn_queries'],
    # The dense branch of DDQ matches four queries with each object.
    'dense_topk_ratio': lambda part: (
        int(part['dense_topk_ratio'] * part['num_queries']) // 4
    ),
}
NO_CAPS = {
    # the shape of a model
    *('num_blocks', 'num_branches', 'num_channels', 'num_classes'),
    *('num_csp_blocks', 'num_feats', 'num_groups', 'num_heads', 'num_layers'),
    *('num_levels', 'num_modules', 'num_outs', 'num_scales', 'num_stages'),
    'out_indices',
    # how a run goes: epochs, gradients, checkpoints, images of a mosaic
    *('max_epochs', 'T_max', 'max_keep_ckpts', 'max_norm'),
    *('max_cached_images', 'num_workers', 'opencv_num_threads', 'keep_ratio'),
    # whether an image that lost its boxes stays
    'keep_empty',
    # priors that one object may claim
    'topk',
    'detection_caps',  # a hook
}
LOOKS_LIKE_A_CAP = re.compile('max|num|top|limit|keep|cap|indices|per_i')


def cap_like(part, place=''):
    """(place, dict, key) of each key that may bound a number of objects."""
    if isinstance(part, (list, tuple)):
        for item in part:
            yield from cap_like(item, place)
    if isinstance(part, dict):
        for key, value in part.items():
            if LOOKS_LIKE_A_CAP.search(key) and key not in NO_CAPS:
                yield f'{place}.{key}', part, key
            yield from cap_like(value, f'{place}.{key}')


@each_system
def test_no_cap_lies_below_the_objects_of_an_image(path):
    """Reader, sampler, proposals, queries, detections, metric."""
    cfg = load(path).to_dict()
    del cfg['deltas']  # nothing reads them
    found = list(cap_like(cfg))
    assert len(found) >= 3
    for place, part, key in found:
        assert key in CAPS, f'{place}: is it a cap? Add it to CAPS or NO_CAPS'
        assert CAPS[key](part) >= NEEDED[data_of(path)], place


STOCK = {
    'faster-rcnn_r50_fpn_8xb2-12e': (
        'faster_rcnn/faster-rcnn_r50_fpn_1x',
        set(),
    ),
    'faster-rcnn_r101_fpn_8xb2-12e': (
        'faster_rcnn/faster-rcnn_r101_fpn_1x',
        set(),
    ),
    'faster-rcnn_hrnetv2p-w18_8xb2-12e': (
        'hrnet/faster-rcnn_hrnetv2p-w18-1x',
        set(),
    ),
    'retinanet_r101_fpn_8xb2-12e': (
        'retinanet/retinanet_r101_fpn_1x',
        {'bbox_head.loss_bbox.type', 'bbox_head.loss_bbox.beta'},
    ),
    'fcos_r50_fpn_8xb2-12e': (
        'fcos/fcos_r50_fpn_gn-head-center-normbbox-centeronreg-giou_8xb8-amp-'
        'lsj-200e',
        {'test_cfg.score_thr', 'data_preprocessor.batch_augments'},
    ),
    'yolov3_d53_8xb8-273e': (
        'yolo/yolov3_d53_8xb8-ms-608-273e',
        {'test_cfg.score_thr'},
    ),
    'rtmdet-s_8xb32-300e': (
        'rtmdet/rtmdet_s_8xb32-300e',
        {'data_preprocessor.pad_size_divisor'},
    ),
    'ddq-detr_r50_8xb2-12e': (
        'ddq/ddq-detr-4scale_r50_8xb2-12e',
        {'type', 'bbox_head.type'},
    ),
    'cascade-rcnn_r50_fpn_8xb2-12e': (
        'cascade_rcnn/cascade-rcnn_r50_fpn_1x',
        set(),
    ),
}


@pytest.mark.parametrize('name', STOCK)
def test_coco_models_are_mmdets_but_for_what_we_say(name):
    (path,) = (p for p in SYSTEMS if p.stem == f'{name}_coco')
    theirs, names = STOCK[name]
    folder = Path(get_installed_path('mmdet')) / '.mim/configs'
    stock = Config.fromfile(folder / f'{theirs}_coco.py')
    ours = plain(load(path).model)
    found = difference(ours, plain(stock.model))
    # DenseBBoxHead is the stock head with more ways of NMS.
    ours_alone = 'assigner.type', 'roi_head.bbox_head.type'
    assert {n for n in found if not n.endswith(ours_alone)} == names
    assert (
        load(path).optim_wrapper.optimizer.lr
        == stock.optim_wrapper.get('optimizer').lr
        or 'fcos' in name
    )  # that file's rate is for 64 images


def plain(config):
    """Without the scopes that mmengine notes."""
    if isinstance(config, dict):
        return {k: plain(v) for k, v in config.items() if k != '_scope_'}
    if isinstance(config, (list, tuple)):
        return [plain(item) for item in config]
    return config


def sample(size, count, num_classes=1, object_size=(11, 12)):
    """``count`` touching objects, each of a color, on a dark image."""
    (height, width), (wide, high) = size, object_size
    columns = max(1, min(count, width // wide))
    boxes = [
        touching_row(min(columns, count - start), object_size, (0, row * high))
        for row, start in enumerate(range(0, count, columns))
    ]
    boxes = torch.cat([torch.zeros(0, 4), *boxes])
    assert not count or boxes[:, 3].max() <= height
    image = torch.randint(0, 40, (3, height, width), dtype=torch.uint8)
    for x1, y1, x2, y2 in boxes.int().tolist():
        color = torch.randint(90, 256, (3, 1, 1), dtype=torch.uint8)
        image[:, y1:y2, x1:x2] = color
    data = DetDataSample(
        metainfo=dict(
            img_id=0, img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0)
        )
    )
    data.gt_instances = InstanceData(
        bboxes=boxes, labels=torch.arange(count) % num_classes
    )
    return image, data


# No object, one, and many; sides that nothing divides.
MIXED = (((97, 131), 0), ((64, 203), 1), ((128, 128), 90))


def batch(model, kinds, training, *args):
    """A preprocessed batch of (size, number of objects)."""
    torch.manual_seed(0)
    images, samples = zip(*(sample(*kind, *args) for kind in kinds))
    data = dict(inputs=list(images), data_samples=list(samples))
    return model.data_preprocessor(data, training=training)


def build(name, num_classes=1, few_boxes=False):
    """A small model with weights from seed 0."""
    init_default_scope('mmdet')
    torch.manual_seed(0)
    config = load(SMALL[name]).model
    if few_boxes:
        limit_boxes(config)
    for head in heads_of(config):
        head['num_classes'] = num_classes
    model = MODELS.build(config)
    model.init_weights()
    return model


def check_step(model, data):
    """Finite losses and gradients, the last layers' among them."""
    losses = model(**data, mode='loss')
    total, logged = model.parse_losses(losses)
    assert all(torch.isfinite(value).all() for value in logged.values())
    total.backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    assert len(grads) > 20
    assert all(grad.isfinite().all() for grad in grads)
    assert sum(grad.abs().sum() > 0 for grad in grads) > 20
    return total


@each_small
def test_a_step_on_mixed_images_and_80_classes_under_bfloat16(name):
    model = build(name, 80).train()
    with torch.autocast('cpu', torch.bfloat16):
        check_step(model, batch(model, MIXED, True, 80))


@each_small
def test_a_step_on_700_objects(name):
    model = build(name).train()
    check_step(model, batch(model, [((320, 320), 700)], True))


@each_small
def test_a_step_on_images_without_objects(name):
    model = build(name).train()
    check_step(model, batch(model, [MIXED[0], MIXED[0]], True))


@each_small
@torch.no_grad()
def test_predictions_of_mixed_images(name):
    model = build(name).eval()
    found = model(**batch(model, MIXED, False), mode='predict')
    assert len(found) == 3
    for ((height, width), _), result in zip(MIXED, found):
        boxes = result.pred_instances.bboxes
        assert boxes.isfinite().all()
        assert len(boxes) == len(result.pred_instances.scores) <= 400
        if 'yolo' not in name:  # mmdet's does not clip
            limit = boxes.new_tensor([width, height, width, height])
            assert (boxes >= -1e-3).all() and (boxes <= limit + 1e-3).all()


@each_small
@torch.no_grad()
def test_400_detections_come_out_where_nothing_is_suppressed(name):
    """The cap of the config is the one cap: no lower one is hidden."""
    model = build(name).eval()
    rules = [model.test_cfg, model.test_cfg.get('rcnn')]
    rules.append(model.test_cfg.get('rpn'))
    if hasattr(model, 'bbox_head'):
        rules.append(model.bbox_head.test_cfg)
    else:
        rules += [model.roi_head.test_cfg, model.rpn_head.test_cfg]
    for rule in filter(None, rules):
        rule.update({k: 0.0 for k in ('score_thr', 'conf_thr') if k in rule})
        if 'nms' in rule:
            rule.nms = dict(type='nms', iou_threshold=1.0)
    if 'rtmdet' in name:  # untrained distances are as often negative
        for conv in model.bbox_head.rtm_reg:
            torch.nn.init.ones_(conv.bias)
    data = batch(model, [((320, 320), 400)], False)
    (found,) = model(**data, mode='predict')
    assert len(found.pred_instances) == 400


def coco_names():
    return tuple(f'class {index}' for index in range(80))


@pytest.fixture(scope='module')
def coco_root(tmp_path_factory):
    """COCO's folders, with 80 categories, 700 objects in an image."""
    folder = tmp_path_factory.mktemp('coco')
    (folder / 'annotations').mkdir()
    for split in ('train2017', 'val2017'):
        path = tiny_coco(
            folder / f'made_{split}',
            num_images=3,
            rows=20,
            boxes_per_row=35,
            size=(1120, 640),
            classes=coco_names(),
        )
        path.rename(folder / f'annotations/instances_{split}.json')
        (folder / f'made_{split}/images').rename(folder / split)
    return folder


@pytest.mark.parametrize(
    'path', [p for p in SYSTEMS if data_of(p) == 'coco'], ids=lambda p: p.stem
)
def test_coco_is_read_whole_from_its_root(path, coco_root, monkeypatch):
    init_default_scope('mmdet')
    monkeypatch.setenv('COCO_ROOT', str(coco_root))
    cfg = Config.fromfile(path)
    for step in cfg.train_dataloader.dataset.pipeline:
        if step.type == 'KeepBoxScores':
            # The crop inside it would take objects by chance.
            step.transforms = [
                inner
                for inner in step.transforms
                if inner.type != 'MinIoURandomCrop'
            ]
    for phase in ('train', 'val', 'test'):
        dataset = DATASETS.build(cfg[f'{phase}_dataloader'].dataset)
        assert len(dataset) == 3
        assert dataset.metainfo['classes'] == coco_names()
        assert dataset.get_data_info(0)['instances'][0]['bbox_label'] == 0
        item = dataset[0]
        instances = item['data_samples'].gt_instances
        config = cfg[f'{phase}_dataloader'].dataset
        pipeline = config.pipeline
        # Crops, mosaics and AutoAugment may push objects out, but to 50,
        # the limit of PaddleDetection's YOLO readers, none goes by chance.
        changed = 'Crop|Mosaic|AutoAugment|RandomChoice$'
        if any(
            re.search(changed, step.type) or step.get('auto_augment')
            for step in pipeline
        ):
            assert len(instances) > 50
        elif config.type == 'MultiImageMixDataset':
            assert len(instances) > 700
        else:
            assert len(instances) == 700
        assert Path(cfg.val_evaluator.ann_file).is_file()
