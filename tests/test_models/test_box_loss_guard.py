"""The guard refuses true misuses and nothing else."""

import inspect
import re
from pathlib import Path

import mmdet.models.losses
import pytest
import torch
from mmdet.models.dense_heads import AnchorHead
from mmdet.models.losses import SmoothL1Loss
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.hub import get_config
from torch.nn.modules import module as torch_module

import dense_scene.models.box_loss_guard as guard

STOCK_CONFIGS = Path(mmdet.__file__).parent / '.mim' / 'configs'
# By name, so that a loss that mmdet adds is missed by a test, not by a user.
LOSS_NAMES = {'CompleteIoULoss'} | {
    name for name in vars(mmdet.models.losses) if name.endswith('IoULoss')
}


def bbox_head(**kwargs):
    config = dict(
        type='Shared2FCBBoxHead',
        in_channels=4,
        fc_out_channels=4,
        roi_feat_size=1,
        num_classes=1,
    )
    return MODELS.build(config | kwargs)


def dense_head(name, **kwargs):
    # 32 channels, one for each of GroupNorm's groups
    config = dict(type=name, in_channels=4, feat_channels=32, num_classes=1)
    return MODELS.build(config | kwargs)


@pytest.mark.parametrize('loss', sorted(LOSS_NAMES))
def test_every_box_loss_is_refused_by_name(loss):
    with pytest.raises(
        ValueError,
        match=re.escape(
            f'Shared2FCBBoxHead uses {loss}, which compares boxes, but '
            'reg_decoded_bbox=False gives it encoded deltas. Set '
            "reg_decoded_bbox=True in this head's config "
            '(model.roi_head.bbox_head, each entry of a cascade).'
        ),
    ):
        bbox_head(loss_bbox=dict(type=loss), reg_decoded_bbox=False)
    # False is the default, so leaving it out is the usual way to get here
    with pytest.raises(ValueError, match=f'uses {loss}, which compares'):
        bbox_head(loss_bbox=dict(type=loss))
    head = bbox_head(loss_bbox=dict(type=loss), reg_decoded_bbox=True)
    assert type(head.loss_bbox).__name__ == loss


@pytest.mark.parametrize(
    'loss',
    ['SmoothL1Loss', 'L1Loss', 'MSELoss', 'BalancedL1Loss', 'LibraL1Loss'],
)
def test_other_losses_are_accepted(loss):
    head = bbox_head(loss_bbox=dict(type=loss), reg_decoded_bbox=False)
    assert type(head.loss_bbox).__name__ == loss


@pytest.mark.parametrize(
    'name, path',
    [
        ('AnchorHead', 'model.bbox_head'),
        ('RetinaHead', 'model.bbox_head'),
        ('RPNHead', 'model.rpn_head'),
        ('GARPNHead', 'model.rpn_head'),
    ],
)
def test_anchor_heads(name, path):
    loss = dict(type='CompleteIoULoss')
    with pytest.raises(
        ValueError,
        match=re.escape(
            f'{name} uses CompleteIoULoss, which compares boxes, but '
            'reg_decoded_bbox=False'
        )
        + f'.*{re.escape(path)}',
    ):
        dense_head(name, loss_bbox=loss)
    head = dense_head(name, loss_bbox=loss, reg_decoded_bbox=True)
    assert head.reg_decoded_bbox
    dense_head(name)  # its own default loss


@pytest.mark.parametrize('name', ['ATSSHead', 'FCOSHead', 'YOLOFHead'])
def test_heads_that_decode_are_left_alone(name):
    config = (
        {}
        if name == 'FCOSHead'
        else dict(
            anchor_generator=dict(
                type='AnchorGenerator', ratios=[1.0], scales=[8], strides=[8]
            )
        )
    )
    config |= dict(num_cls_convs=1) if name == 'YOLOFHead' else {}
    head = dense_head(name, loss_bbox=dict(type='GIoULoss'), **config)
    assert type(head.loss_bbox).__name__ == 'GIoULoss'


def test_stock_cascade():
    def roi_head(decoded, loss):
        config = get_config(
            'mmdet::cascade_rcnn/cascade-rcnn_r50_fpn_1x_coco.py'
        ).model.roi_head
        for stage in config.bbox_head:
            stage.update(fc_out_channels=4)
        config.bbox_head[2].reg_decoded_bbox = decoded
        config.bbox_head[2].loss_bbox = loss  # in place of the stock one
        return MODELS.build(config)

    giou = dict(type='GIoULoss', loss_weight=10.0)
    with pytest.raises(ValueError, match='GIoULoss.*reg_decoded_bbox=True'):
        roi_head(False, giou)
    assert roi_head(True, giou).bbox_head[2].reg_decoded_bbox
    smooth = roi_head(False, dict(type='SmoothL1Loss'))
    assert isinstance(smooth.bbox_head[2].loss_bbox, SmoothL1Loss)


def test_a_loss_set_later_is_checked_too():
    head = bbox_head()
    with pytest.raises(ValueError, match='uses GIoULoss'):
        head.loss_bbox = MODELS.build(dict(type='GIoULoss'))


def test_installing_again_changes_nothing():
    before = dict(torch_module._global_module_registration_hooks)
    guard.install_box_loss_guard()
    assert torch_module._global_module_registration_hooks == before
    assert list(before.values()).count(guard.refuse_box_loss) == 1


def test_other_modules_are_left_alone():
    holder = torch.nn.Module()
    holder.reg_decoded_bbox = False
    holder.loss_bbox = MODELS.build(dict(type='GIoULoss'))
    holder.loss_bbox = None
    head = bbox_head()
    head.loss_iou = MODELS.build(dict(type='GIoULoss'))  # not the box loss


def subclasses(head):
    for child in head.__subclasses__():
        yield child
        yield from subclasses(child)


def test_lists_match_the_code_of_mmdet():
    """Heads whose targets ignore the flag are exactly those listed."""
    stock = [
        head
        for base in (AnchorHead, BBoxHead)
        for head in subclasses(base)
        if head.__module__.startswith('mmdet.')
    ]
    ignoring = set()
    for head in stock:
        source = inspect.getsource(head._get_targets_single)
        # PAAHead and VFNetHead hand the work to a parent's method.
        delegates = '._get_targets_single(' in source
        if 'reg_decoded_bbox' not in source and not delegates:
            ignoring.add(head)
    # SABL heads have no loss_bbox: theirs have names of their own.
    ignoring = {h for h in ignoring if not h.__name__.startswith('SABL')}
    assert len(stock) > 25
    assert ignoring == {
        head for head in stock if issubclass(head, guard.ALWAYS_DECODED_HEADS)
    }


def heads_with_box_loss(node):
    """Head configs, at any depth, whose loss_bbox compares boxes."""
    if isinstance(node, dict):
        loss = node.get('loss_bbox')
        if isinstance(loss, dict) and loss.get('type') in LOSS_NAMES:
            yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for child in node:
            yield from heads_with_box_loss(child)


@pytest.mark.skipif(
    not STOCK_CONFIGS.is_dir(),
    reason='this mmdet has no .mim/configs: install its wheel',
)
def test_no_stock_config_is_refused():
    """Each kind of head and box loss in mmdet's own configs still builds."""
    heads = {}
    for path in sorted(STOCK_CONFIGS.rglob('*.py')):
        # A config that only inherits its loss has the head of its base.
        if re.search(r"loss_bbox=.*?\n?.*?IoULoss'", path.read_text()):
            model = Config.fromfile(path, import_custom_modules=False).get(
                'model', {}
            )
            for head in heads_with_box_loss(model):
                key = (
                    head.type,
                    head.loss_bbox.type,
                    head.get('reg_decoded_bbox'),
                )
                heads.setdefault(key, head)
    # Its text encoder needs transformers, which is not among our needs.
    heads = {k: v for k, v in heads.items() if k[0] != 'ATSSVLFusionHead'}
    assert len(heads) > 20
    for (name, loss, _), config in heads.items():
        head = MODELS.build(config)
        assert type(head).__name__ == name
        assert type(head.loss_bbox).__name__ == loss
