"""Every config loads anywhere, says only its delta, and builds."""

import os
import re
from pathlib import Path

import pytest
import torch
from mmdet.models.backbones import ResNet
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS, init_default_scope
from mmengine.structures import InstanceData
from mmengine.utils import get_installed_path
from modelindex.load_model_index import load as load_model_index

from dense_scene.datasets import sku110k
from dense_scene.models.assigners.rfla_assigner import receptive_fields
from dense_scene.testing import touching_row
from tests.config_files import (
    CASCADES,
    CONFIGS,
    LEAVES,
    ROOT,
    bbox_heads,
    difference,
    load,
    shrink,
    sku_row,
)

IDS = [str(path.relative_to(CONFIGS)) for path in LEAVES]
each_leaf = pytest.mark.parametrize('path', LEAVES, ids=IDS)
each_cascade = pytest.mark.parametrize('path', CASCADES, ids=lambda p: p.stem)

NECKS = ('fpn', 'bfp')
LOSSES = {
    '': 'SmoothL1Loss',
    '-balanced-l1': 'LibraL1Loss',
    '-iou': 'IoULoss',
    '-giou': 'GIoULoss',
    '-diou': 'DIoULoss',
    '-ciou': 'CompleteIoULoss',
    '-eiou': 'EIoULoss',
}
# What the sampling rows change.
_RCNN = 'model.train_cfg.rcnn.sampler'
INSTANCE_BALANCED = {
    f'model.train_cfg.{part}.sampler.type' for part in ('rpn', 'rcnn')
}
TWO_OF_EACH = INSTANCE_BALANCED | {
    f'model.train_cfg.{part}.sampler.min_pos_per_object'
    for part in ('rpn', 'rcnn')
}
LIBRA_SAMPLING = {
    f'{_RCNN}.{name}' for name in ('type', 'pos_sampler', 'neg_sampler')
}
KEEP_REFINED = {f'{_RCNN}.num', f'{_RCNN}.pos_fraction'}
# What mmengine and mmdet read, our "most often changed" names and deltas.
TOP_LEVEL = {
    'auto_scale_lr',
    'custom_hooks',
    'custom_imports',
    'data_root',
    'default_hooks',
    'default_scope',
    'deltas',
    'env_cfg',
    'load_from',
    'log_level',
    'log_processor',
    'model',
    'optim_wrapper',
    'param_scheduler',
    'randomness',
    'resume',
    'runner_type',
    'test_cfg',
    'test_dataloader',
    'test_evaluator',
    'test_pipeline',
    'test_scale',
    'train_cfg',
    'train_dataloader',
    'train_pipeline',
    'train_scales',
    'tta_model',
    'val_cfg',
    'val_dataloader',
    'val_evaluator',
    'vis_backends',
    'visualizer',
}


@each_leaf
def test_loads_from_another_folder_and_survives_a_dump(
    path, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    cfg = load(path)
    cfg.dump('dumped.py')
    reloaded = Config.fromfile('dumped.py')
    assert reloaded.to_dict() == cfg.to_dict()
    assert set(cfg.keys()) <= TOP_LEVEL


def test_every_model_builds():
    """Each distinct model once; a training step of the grid follows below."""
    models = {}
    for path in CASCADES:
        model = shrink(load(path))
        models.setdefault(model.to_dict().__repr__(), model)
    assert len(models) >= 14  # as many as the grid has cells
    for config in models.values():
        stages = 3 if config.type == 'CascadeRCNN' else 1
        heads = bbox_heads(config)
        assert [head.num_classes for head in heads] == [1] * stages
        MODELS.build(config)


def _parts(cfg):
    """Every dict within a config."""
    if isinstance(cfg, dict):
        yield cfg
        cfg = cfg.values()
    elif not isinstance(cfg, (list, tuple)):
        return
    for part in cfg:
        yield from _parts(part)


@each_leaf
def test_no_two_parts_are_one_object(path):
    """What one stage or loader is told is not told to another."""
    parts = [id(part) for part in _parts(load(path)._cfg_dict)]
    assert len(set(parts)) == len(parts)


def test_basenames_are_unique_here_and_in_mmdet():
    """mim looks a missing config up in mmdet by its basename."""
    stock = Path(get_installed_path('mmdet')) / '.mim' / 'configs'
    theirs = {p.name for p in stock.rglob('*.py')}
    assert len(theirs) > 500
    ours = [p.name for p in CONFIGS.rglob('*.py')]
    assert len(set(ours)) == len(ours)
    assert not theirs & set(ours)


PAPER = {
    'baseline': '0.400',
    'dense sampling': '0.407',
    '+ CIoU': '0.411',
    '+ balanced L1': '0.413',
    'BFP + balanced L1': '0.412',
}
# Tables 2 and 3.
SYSTEMS = {
    'Table 2, Faster R-CNN R50-FPN': '0.332',
    'Table 2, YOLOv3 DarkNet53': '0.302',
    'Table 2, RetinaNet R101-FPN': '0.373',
    'Table 2, Faster R-CNN HRNet': '0.347',
    'Table 2, Faster R-CNN SENet154-FPN': '0.384',
    'Table 2, PP-YOLO': '0.362',
    'Table 3, PP-YOLO R50': '0.453',
    'Table 3, Faster R-CNN R50-FPN': '0.372',
    'Table 3, Cascade R-CNN R50-FPN': '0.408',
    'Table 3, Faster R-CNN R101-FPN': '0.387',
    'Table 3, YOLOv3 DarkNet53': '0.334',
    'Table 3, RetinaNet R101-FPN': '0.373',
    'Table 3, FCOS R50-FPN': '0.396',
    'Table 3, Cascade R-CNN R101-FPN + balanced L1': '0.457',
}


@each_cascade
def test_line_1_names_the_row_and_the_papers_value(path):
    first = path.read_text().splitlines()[0]
    if first.startswith('# Table 1, '):
        name, where = re.match(r'# Table 1, ([^:,]+)([:,])', first).groups()
        assert f'{PAPER[name]})' in first
        assert where == ':' or 'paper, ' in first  # not on SKU-110K, or R101
    elif first.startswith('# Table '):
        row, value = re.match(r'# ([^(]+) \(.*([\d.]{5})\)$', first).groups()
        assert value == SYSTEMS[re.sub(r', (R18|W8|R50vd|Paddle).*', '', row)]
        # A value of another model or other data says so.
        assert ('(paper: ' in first) == ('-scratch' not in path.name)
    else:
        assert re.match(r'# (Not in the paper: |Smoke of |`make demo`)', first)


@each_leaf
def test_child_is_its_delta(path):
    text = path.read_text()
    lines = [line for line in text.splitlines() if line.strip()]
    assert not re.search(r'^\s*(import|from)\s', text, re.M)
    # The strong config says the source of each of its lines, the demo is a
    # model of its own size; what is no child lists its four bases.
    limit = 15 if "_base_ = '" in text else 20
    for part, lines_of_its_own in (('_strong_', 72), ('_demo_', 45)):
        limit = lines_of_its_own if part in path.name else limit
    assert len(lines) <= limit


def _source(dataset: dict) -> dict:
    """Where a data set comes from: without what is done to its images."""
    return {
        name: value
        for name, value in dataset.items()
        if name not in ('pipeline', 'test_mode', 'filter_cfg', 'indices')
    }


@each_leaf
def test_no_checkpoint_is_chosen_on_what_is_tested(path):
    cfg = load(path)
    train, val, test = (
        _source(cfg[f'{phase}_dataloader'].dataset)
        for phase in ('train', 'val', 'test')
    )
    assert train not in (val, test)
    chosen = cfg.default_hooks.checkpoint.get('save_best')
    # SKU-110K has a split for it; nuclei and shelves report the last epoch.
    assert (chosen is not None) == ('sku110k' in path.name) == (val != test)
    if chosen:
        assert chosen == 'coco/bbox_mAP_at300'
        assert 300 in cfg.val_evaluator.max_dets


def test_the_splits_of_the_subset_share_no_image():
    cfg = load(sku_row('fpn'))
    folder = Path(sku110k.__file__).parent / 'manifests'
    names = []
    for phase in ('train', 'val', 'test'):
        dataset = cfg[f'{phase}_dataloader'].dataset
        assert f'_{phase}.' in dataset.ann_file
        lines = (folder / dataset.manifest).read_text().splitlines()
        names.append({line for line in lines if not line.startswith('#')})
    # The counts in docs/paper-notes.md
    assert [len(split) for split in names] == [2681, 191, 956]
    assert len(set.union(*names)) == 3828


@pytest.mark.parametrize('neck', NECKS)
@pytest.mark.parametrize('loss', LOSSES)
def test_grid(neck, loss):
    cfg = load(sku_row(f'{neck}_dense-proposal{loss}'))
    decoded = LOSSES[loss] not in ('SmoothL1Loss', 'LibraL1Loss')
    assert len(cfg.model.roi_head.bbox_head) == 3
    for head in cfg.model.roi_head.bbox_head:
        assert head.loss_bbox.type == LOSSES[loss]
        assert head.get('reg_decoded_bbox', False) == decoded
    necks = cfg.model.neck
    types = [n.type for n in necks] if neck == 'bfp' else [necks.type]
    assert types == (['FPN', 'BFP'] if neck == 'bfp' else ['FPN'])


def _tiny_batch() -> dict:
    """Two images of 128 x 128 with a row of four touching objects each."""
    boxes = touching_row(4, (24, 40), (8, 30))
    samples = []
    for _ in range(2):
        sample = DetDataSample(
            metainfo=dict(img_shape=(128, 128), ori_shape=(128, 128))
        )
        sample.gt_instances = InstanceData(
            bboxes=boxes, labels=torch.zeros(4, dtype=torch.long)
        )
        samples.append(sample)
    image = torch.randint(0, 256, (3, 128, 128), dtype=torch.uint8)
    return dict(inputs=[image, image], data_samples=samples)


@pytest.mark.parametrize('neck', NECKS)
@pytest.mark.parametrize('loss', LOSSES)
def test_a_training_step_of_each_cell_is_finite(neck, loss):
    cfg = load(sku_row(f'{neck}_dense-proposal{loss}'))
    for stage in cfg.model.train_cfg.rcnn:
        stage.sampler.num = 16
    model = MODELS.build(shrink(cfg))
    model.init_weights()
    model.train()
    batch = model.data_preprocessor(_tiny_batch(), training=True)
    losses = model(**batch, mode='loss')
    for stage in range(3):
        assert losses[f's{stage}.loss_bbox'] > 0
    total, _ = model.parse_losses(losses)
    total.backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            assert parameter.grad.isfinite().all(), name
    assert model.roi_head.bbox_head[2].fc_reg.weight.grad.abs().sum() > 0


@pytest.mark.parametrize(
    'child, parent, names',
    [
        (
            'fpn_dense-proposal',
            'fpn',
            {
                'model.train_cfg.rpn.sampler.num',
                'model.train_cfg.rpn_proposal.nms_pre',
                'model.train_cfg.rpn_proposal.max_per_img',
                'model.train_cfg.rcnn.sampler.num',
                'model.test_cfg.rpn.nms_pre',
                'model.test_cfg.rpn.max_per_img',
            },
        ),
        (
            'fpn_dense-proposal-ciou',
            'fpn_dense-proposal',
            {
                'model.roi_head.bbox_head.loss_bbox.type',
                'model.roi_head.bbox_head.loss_bbox.beta',
                'model.roi_head.bbox_head.loss_bbox.alpha_rule',
                'model.roi_head.bbox_head.loss_bbox.loss_weight',
                'model.roi_head.bbox_head.reg_decoded_bbox',
            },
        ),
        (
            'fpn_dense-proposal-balanced-l1',
            'fpn_dense-proposal',
            {
                'model.roi_head.bbox_head.loss_bbox.type',
                'model.roi_head.bbox_head.loss_bbox.alpha',
                'model.roi_head.bbox_head.loss_bbox.gamma',
            },
        ),
        (
            'bfp_dense-proposal-balanced-l1',
            'fpn_dense-proposal-balanced-l1',
            {'model.neck'},
        ),
        ('fpn_instance-balanced', 'fpn', INSTANCE_BALANCED),
        (
            'fpn_dense-proposal-instance-balanced',
            'fpn_dense-proposal',
            TWO_OF_EACH,
        ),
        ('fpn_libra-sampling', 'fpn', LIBRA_SAMPLING),
        ('fpn_keep-refined', 'fpn', KEEP_REFINED),
        (
            'fpn_dense-proposal-keep-refined',
            'fpn_dense-proposal',
            KEEP_REFINED,
        ),
    ],
)
def test_table_1_row_differs_from_its_parent_only_as_said(
    child, parent, names
):
    a = load(sku_row(child)).to_dict()
    b = load(sku_row(parent)).to_dict()
    assert difference(a, b) == names


@pytest.mark.parametrize(
    'row, names',
    [
        ('instance-balanced', INSTANCE_BALANCED),
        ('libra-sampling', LIBRA_SAMPLING),
        ('keep-refined', KEEP_REFINED),
    ],
)
def test_sampling_rows_of_the_small_families_are_those_of_sku110k(row, names):
    rows = [
        path
        for path in LEAVES
        if f'_fpn_{row}_' in path.name and 'sku110k' not in path.name
    ]
    assert len(rows) >= 2
    for path in rows:
        parent = path.with_name(path.name.replace(f'_{row}', ''))
        a, b = (load(p).to_dict() for p in (path, parent))
        expected = names
        if path.parent.name == 'nuclei' and row == 'instance-balanced':
            # The RPN's 256 are fewer than the objects of some images.
            expected = names | {'model.train_cfg.rpn.sampler.num'}
        assert difference(a, b) == expected


def test_baseline_is_the_stock_model_but_for_what_we_say():
    stock = Config.fromfile(
        Path(get_installed_path('mmdet'))
        / '.mim/configs/_base_/models/cascade-rcnn_r50_fpn.py'
    )
    ours = load(sku_row('fpn'))
    assert difference(ours.model.to_dict(), stock.model.to_dict()) == {
        '_scope_',  # how mmengine marks what came from mmdet::
        'backbone.depth',
        'backbone.init_cfg.checkpoint',
        'roi_head.bbox_head.num_classes',
        'roi_head.bbox_head.type',  # DenseBBoxHead, its equal
        'roi_head.bbox_roi_extractor.type',  # and DenseRoIExtractor
        'test_cfg.rcnn.max_per_img',
        'train_cfg.rpn.assigner.type',
        'train_cfg.rcnn.assigner.type',
    }


@each_leaf
def test_every_max_iou_assigner_is_the_dense_one(path):
    model = load(path).model
    types = {part.get('type') for part in _parts(model)}
    assert 'MaxIoUAssigner' not in types
    if 'rpn_head' in model:
        assert 'DenseMaxIoUAssigner' in types


@pytest.mark.parametrize(
    'path', [p for p in LEAVES if '-rfla_' in p.name], ids=lambda p: p.stem
)
def test_rfla_rows_differ_in_anchors_and_the_rpns_assigner(path):
    cfg = load(path)
    name = path.name.replace('-rfla', '')
    (parent,) = (load(p) for p in LEAVES if p.name == name)
    names = difference(cfg.to_dict(), parent.to_dict())
    assert {name.rsplit('.', 1)[0] for name in names} == {
        'model.rpn_head.anchor_generator',
        'model.train_cfg.rpn.assigner',
    }
    depth = cfg.model.backbone.depth
    blocks = ResNet.arch_settings[depth][1]
    fields = receptive_fields(blocks, 2 if depth == 18 else 1)
    generator = cfg.model.rpn_head.anchor_generator
    wanted = [field / 2 for field in fields][: len(generator.strides)]
    assert generator.base_sizes == wanted


@each_leaf
def test_every_evaluator_counts(path):
    cfg = load(path)
    assert cfg.val_evaluator.count and cfg.test_evaluator.count


@pytest.mark.parametrize('epoch_length', [1000, 1001])
def test_learning_rate_follows_the_paper(epoch_length):
    """0.001 -> 0.01 in 500 iterations; x0.1 after 4 and 5.5 epochs."""
    init_default_scope('mmdet')
    cfg = load(sku_row('fpn'))
    lr = cfg.optim_wrapper.optimizer.lr
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    schedulers = []
    for item in cfg.param_scheduler:
        item = dict(item)
        convert = item.pop('convert_to_iter_based', False)
        cls = PARAM_SCHEDULERS.get(item.pop('type'))
        if convert:
            item.update(epoch_length=epoch_length)
            schedulers.append(cls.build_iter_from_epoch(optimizer, **item))
        else:
            schedulers.append(cls(optimizer, **item))
    rates = []
    for _ in range(6 * epoch_length):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    drop = int(5.5 * epoch_length)
    assert rates[0] == pytest.approx(0.001)
    assert rates[250] == pytest.approx(0.0055, rel=0.01)  # half way
    assert rates[500] == pytest.approx(0.01)
    assert rates[4 * epoch_length - 1] == pytest.approx(0.01)
    assert rates[4 * epoch_length] == pytest.approx(0.001)
    assert rates[drop - 1] == pytest.approx(0.001)
    assert rates[drop] == pytest.approx(0.0001)
    assert rates[-1] == pytest.approx(0.0001)


COCO_ROW = CONFIGS / 'cascade_rcnn/cascade-rcnn_r50_fpn_8xb2-12e_coco.py'


def test_data_roots_come_from_the_environment(monkeypatch):
    for family, variable, path in (
        ('cascade_rcnn', 'SKU110K_ROOT', sku_row('fpn')),
        ('nuclei', 'NUCLEI_ROOT', None),
        ('shelves', 'SHELVES_ROOT', None),
        ('cascade_rcnn', 'COCO_ROOT', COCO_ROW),
    ):
        path = path or sorted((CONFIGS / family).glob('*r101*.py'))[0]
        monkeypatch.setenv(variable, os.sep + 'somewhere')
        cfg = Config.fromfile(path)
        for loader in (cfg.train_dataloader, cfg.test_dataloader):
            assert loader.dataset.data_root == '/somewhere'


@pytest.mark.parametrize('parent', ['fpn', 'fpn_dense-proposal'])
@pytest.mark.parametrize('scale', [4, 3])
def test_anchor_rows_differ_in_the_scale_alone(parent, scale):
    mark = '_' if parent == 'fpn' else '-'
    path = sku_row(f'{parent}{mark}anchor{scale}')
    ours, theirs = (load(p).to_dict() for p in (path, sku_row(parent)))
    assert difference(ours, theirs) == {
        'model.rpn_head.anchor_generator.scales'
    }
    assert ours['model']['rpn_head']['anchor_generator']['scales'] == [scale]
    row = {'fpn': 'baseline', 'fpn_dense-proposal': 'dense sampling'}[parent]
    first = path.read_text().splitlines()[0]
    assert f'{row} + anchor scale {scale}' in first


@pytest.mark.parametrize('family', ['nuclei', 'shelves'])
@pytest.mark.parametrize(
    'model', ['r101-scratch_fpn{}_1xb2-24e', 'r18-scratch_fpn{}_1xb4-3e']
)
def test_advised_anchors_are_as_many_as_the_parents(family, model):
    ours, theirs = (
        load(
            CONFIGS / family / f'cascade-rcnn_{model.format(part)}_{family}.py'
        ).to_dict()
        for part in ('_advised-anchor', '')
    )
    assert difference(ours, theirs) == {
        f'model.rpn_head.anchor_generator.{name}'
        for name in ('scales', 'ratios')
    }
    counts = [
        len(anchors['scales']) * len(anchors['ratios'])
        for anchors in (
            c['model']['rpn_head']['anchor_generator'] for c in (ours, theirs)
        )
    ]
    assert counts == [3, 3]


def test_metafiles_list_every_model_once():
    index = load_model_index(str(ROOT / 'model-index.yml'))
    assert not index.check(silent=True)
    names = [Path(model.config).stem for model in index.models]
    assert [model.name for model in index.models] == names
    listed = sorted(ROOT / model.config for model in index.models)
    # A smoke config is no model.
    assert listed == [p for p in LEAVES if p.parent.name != 'smoke']
    for model in index.models:
        said = model.metadata.data
        assert (model.results is None) == (said['Status'] == 'not run')
        cfg = load(ROOT / model.config)
        assert said['Epochs'] == cfg.train_cfg.max_epochs
        assert said['Batch Size'] == cfg.train_dataloader.batch_size
        first = (ROOT / model.config).read_text().splitlines()[0]
        if first.startswith('# Table 1, '):
            assert first.startswith(f'# Table 1, {said["Row"]}')
            if 'SKU-110K' in model.in_collection:
                assert float(PAPER[said['Row']]) == said['Paper AP@100']
        elif first.startswith('# Table '):
            assert first.startswith(f'# {said["Row"]}')
            if '-scratch' not in model.name:
                assert float(SYSTEMS[said['Row']]) == said['Paper AP@100']


@pytest.mark.parametrize(
    'path', sorted(CONFIGS.rglob('README.md')), ids=lambda p: p.parent.name
)
def test_links_of_the_readmes_exist(path):
    links = re.findall(r'\]\((?!https?://)([^)#]+)', path.read_text())
    assert links
    for link in links:
        assert (path.parent / link).exists(), link
