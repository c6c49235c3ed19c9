"""``dense-scene advise``: what it writes loads and builds."""

import json

import pytest
from mmdet.registry import MODELS
from mmengine.config import Config

from dense_scene.datasets.importers.convert import convert_annotations
from dense_scene.testing import tiny_coco, tiny_sku110k


@pytest.fixture
def run(cli):
    return lambda *arguments: cli('advise', *arguments)


@pytest.fixture
def annotations(tmp_path):
    # 600 touching objects of 15 x 13 pixels in each image, three classes.
    return tiny_coco(
        tmp_path / 'data',
        rows=20,
        boxes_per_row=30,
        size=(480, 400),
        classes=('a', 'b', 'c'),
    )


def values(loader, key):
    """What the steps of a pipeline have under a key."""
    return [step[key] for step in loader.dataset.pipeline if key in step]


def test_the_config_loads_and_builds(run, annotations, tmp_path, monkeypatch):
    out = tmp_path / 'advised.py'
    status, output, error = run(
        annotations, '--scale', 1333, 800, '--anchors', 2, '--out', out
    )
    assert (status, error) == (0, '')
    assert out.read_text() == output
    assert sorted(p.name for p in tmp_path.iterdir()) == ['advised.py', 'data']
    monkeypatch.chdir(tmp_path / 'data')
    cfg = Config.fromfile(out)
    model = cfg.model
    # 600 objects: 1200 / 0.5 -> 2048, 600 x 2 / 0.25 = 4800 -> 5120,
    # 600 x 8 = 4800 -> 5000.
    assert model.train_cfg.rpn.sampler.num == 2048
    assert [s.sampler.num for s in model.train_cfg.rcnn] == [5120] * 3
    for part in (model.train_cfg.rpn_proposal, model.test_cfg.rpn):
        assert (part.nms_pre, part.max_per_img) == (5000, 5000)
    assert model.test_cfg.rcnn.max_per_img == 600
    # Touching objects overlap nothing: mmdet's thresholds stay.
    assert model.test_cfg.rcnn.nms.iou_threshold == 0.5
    assert model.test_cfg.rpn.nms.iou_threshold == 0.7
    # 200 of each class.
    assert cfg.val_evaluator.max_dets == (100, 300)
    assert cfg.test_evaluator == cfg.val_evaluator
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        assert values(loader, 'scale') == [(1333, 800)]
    assert values(cfg.train_dataloader, 'scales') == [
        [(1333, short) for short in range(640, 801, 32)]
    ]
    model.backbone.update(depth=18, init_cfg=None)
    model.neck.in_channels = [64, 128, 256, 512]
    built = MODELS.build(model)
    assert built.rpn_head.num_base_priors == 2
    assert [head.num_classes for head in built.roi_head.bbox_head] == [3] * 3


def test_what_is_printed_is_the_config(run, annotations, root, monkeypatch):
    monkeypatch.chdir(root)
    _, output, _ = run(annotations, '--anchors', 1)
    assert "_base_ = 'configs/shelves/cascade-rcnn_r101-scratch_fpn" in output
    assert 'The data set is still that of the base' in output
    assert max(map(len, output.splitlines())) <= 79
    # Each block of numbers says why above it.
    for number in (
        'scales=',
        'num=',
        'nms_pre=',
        'rcnn=dict(max',
        'num_classes =',
        'step.scale =',
        'max_dets=',
    ):
        above = output[: output.index(number)].splitlines()[-6:]
        assert any(line.lstrip().startswith('# ') for line in above), number
    assert 'Objects per image: 600' in output


def test_small_objects_are_warned_of(run, annotations):
    # 15 x 13 pixels become sqrt(15 x 13) x 200 / 480 = 5.8: x 1.4 or more.
    _, output, _ = run(annotations, '--scale', 200, 200, '--anchors', 1)
    assert 'WARNING: 100.0% of the objects are under 8 pixels' in output
    assert '--scale 288 288' in ' '.join(output.replace('#', '').split())


def test_overlaps_raise_the_thresholds(run, tmp_path):
    path = tiny_coco(tmp_path / 'data', rows=1, boxes_per_row=5)
    data = json.loads(path.read_text())
    for item in data['annotations']:
        # 16 x 42 pixels, 4 apart: 12 of 20 in common.
        item['bbox'][0] = 4 * item['bbox'][0] / item['bbox'][2]
    path.write_text(json.dumps(data))
    out = tmp_path / 'advised.py'
    assert run(path, '--out', out)[0] == 0
    test_cfg = Config.fromfile(out).model.test_cfg
    assert test_cfg.rcnn.nms.iou_threshold == pytest.approx(0.6)
    assert test_cfg.rpn.nms.iou_threshold == 0.7


@pytest.mark.parametrize('left, border', [(0, -1), (200, 0)])
def test_anchors_across_the_border_where_they_count(
    run, tmp_path, left, border
):
    # A small object: every anchor that fits it at x = 0 reaches out of the
    # image, and mmdet's Cascade R-CNN trains none of those.
    path = tiny_coco(tmp_path, 1, 1, 1, size=(800, 400))
    data = json.loads(path.read_text())
    data['annotations'][0]['bbox'] = [left, 150, 10, 8]
    path.write_text(json.dumps(data))
    out = tmp_path / 'advised.py'
    assert run(path, '--scale', 800, 400, '--anchors', 1, '--out', out)[0] == 0
    assert Config.fromfile(out).model.train_cfg.rpn.allowed_border == border


def test_strides_and_scale_of_the_base(run, annotations, tmp_path, root):
    # The demo's pyramid has four levels, and it trains without a resize.
    base = root / 'configs/shelves/cascade-rcnn_r18-scratch_demo_shelves.py'
    out = tmp_path / 'advised.py'
    status, _, _ = run(
        annotations, '--anchors', 1, '--base', base, '--out', out
    )
    assert status == 0
    ours, theirs = Config.fromfile(out), Config.fromfile(base)
    assert ours.model.rpn_head.anchor_generator.strides == [4, 8, 16, 32]
    assert (
        ours.train_dataloader.dataset.pipeline
        == theirs.train_dataloader.dataset.pipeline
    )
    assert values(ours.test_dataloader, 'scale') == [(1333, 800)]


def test_training_before_crops_has_the_scale_of_testing(
    run, annotations, tmp_path, root
):
    base = (
        root / 'configs/cascade_rcnn/'
        'cascade-rcnn_r101_fpn_strong_1xb2-24e_sku110k.py'
    )
    out = tmp_path / 'advised.py'
    settings = '--anchors', 1, '--base', base, '--scale', 900, 600
    assert run(annotations, *settings, '--out', out)[0] == 0
    cfg = Config.fromfile(out)
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        assert values(loader, 'scale') == [(900, 600)]
    assert any(
        step.type == 'TileCrop'
        for step in cfg.train_dataloader.dataset.pipeline
    )


def write_folder(source, folder, target) -> None:
    """A COCO file of one class as Pascal VOC's or YOLO's files."""
    content = json.loads(source.read_text())
    folder.mkdir()
    [category] = content['categories']
    lines = {image['id']: [] for image in content['images']}
    sizes = {
        image['id']: (image['width'], image['height'])
        for image in content['images']
    }
    for item in content['annotations']:
        (x, y, w, h), (width, height) = item['bbox'], sizes[item['image_id']]
        lines[item['image_id']].append(
            f'<object><name>{category["name"]}</name><bndbox><xmin>{x + 1}'
            f'</xmin><ymin>{y + 1}</ymin><xmax>{x + w}</xmax><ymax>{y + h}'
            '</ymax></bndbox></object>'
            if target == 'voc'
            else f'0 {(x + w / 2) / width} {(y + h / 2) / height} '
            f'{w / width} {h / height}'
        )
    if target == 'yolo':
        (folder / 'classes.txt').write_text(category['name'])
    for image in content['images']:
        text = '\n'.join(lines[image['id']])
        name = image['file_name']
        if target == 'voc':
            width, height = sizes[image['id']]
            text = (
                f'<annotation><filename>{name}</filename><size><width>{width}'
                f'</width><height>{height}</height></size>{text}</annotation>'
            )
        suffix = '.xml' if target == 'voc' else '.txt'
        (folder / name).with_suffix(suffix).write_text(text)


@pytest.mark.parametrize('target', ['voc', 'yolo', 'csv'])
def test_any_format_gives_the_same_advice(run, tmp_path, target):
    images = tmp_path / 'data/images'
    source = tiny_coco(tmp_path / 'data', 3, 4, 5)
    if target == 'csv':
        other = tmp_path / 'other.csv'
        convert_annotations(source, other, 'coco', 'csv')
    else:
        other = tmp_path / 'other'
        write_folder(source, other, target)
    more = ('--images', images) if target == 'yolo' else ()
    (_, expected, _), (status, found, error) = (
        run(source, '--anchors', 1),
        run(other, '--anchors', 1, *more),
    )
    assert (status, error) == (0, '')
    assert found.startswith(f'# {other.name}: 3 images')
    # But for the name of the file and where it breaks the first comment.
    assert (
        found[found.index('_base_') :] == expected[expected.index('_base_') :]
    )


def test_a_scale_that_leaves_nothing(run, annotations):
    status, output, _ = run(annotations, '--scale', 1, 1, '--anchors', 1)
    assert status == 0
    assert '--scale 32 32' in ' '.join(output.replace('#', '').split())


def test_the_log_is_not_in_the_config(run, tmp_path):
    csv = tiny_sku110k(tmp_path, 1) / 'annotations/annotations_val.csv'
    status, output, log = run(csv, '--anchors', 1)
    assert status == 0
    assert 'INFO' in log and 'INFO' not in output
    assert 'sku110k-sub.py' in output  # a CSV is that of SKU-110K
    compile(output, 'advised.py', 'exec')


def test_errors_are_one_line(run, annotations, tmp_path):
    stock, broken = tmp_path / 'stock.py', tmp_path / 'broken.py'
    stock.write_text("_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'")
    broken.write_text('model = dict(\n')
    for arguments, words in (
        (('none.json',), 'does not exist'),
        ((tmp_path / 'data/images',), 'must be a .json, .csv or .xml file'),
        ((annotations, '--from', 'voc'), 'annotations.json is not a folder'),
        ((annotations, '--scale', 0, 800), 'scale must be'),
        ((annotations, '--base', 'no.py'), 'base must be a config'),
        ((annotations, '--base', stock), 'must be a Cascade R-CNN'),
        ((annotations, '--base', broken), 'must be a config that loads'),
        ((annotations, '--out', tmp_path / 'a.txt'), 'end with .py'),
    ):
        status, output, error = run(*arguments, '--anchors', 1)
        assert (status, output) == (1, '')
        assert error.startswith('error: ') and words in error
        assert error.count('\n') == 1
