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
from torch import nn
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


def test_heads_that_ignore_the_flag_are_found_as_the_source_has_it():
    """By words in the source of mmdet, an oracle that only a test may use."""
    stock = [
        head
        for base in (AnchorHead, BBoxHead)
        for head in (base, *subclasses(base))
        if head.__module__.startswith('mmdet.')
    ]
    assert len(stock) > 25
    for head in stock:
        source = inspect.getsource(head._get_targets_single)
        # PAAHead and VFNetHead hand the work to a parent's method.
        delegates = '._get_targets_single(' in source
        follows = 'reg_decoded_bbox' in source or delegates
        assert guard.follows_flag(head) == follows, head


def iou(pred, target):
    lt = torch.maximum(pred[:, :2], target[:, :2])
    rb = torch.minimum(pred[:, 2:], target[:, 2:])
    overlap = (rb - lt).clamp(min=0).prod(1)
    areas = [(b[:, 2:] - b[:, :2]).prod(1) for b in (pred, target)]
    return overlap / (areas[0] + areas[1] - overlap)


class UserLoss(nn.Module):
    """A loss as users write them, in mmdet's form."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.register_buffer('calls', torch.zeros(()))

    def forward(self, pred, target, weight=None, avg_factor=None, **kwargs):
        self.calls += 1  # Wise-IoU keeps a mean of what it has seen
        return self.function(pred, target).mean()


def alpha_iou(pred, target):  # He et al., NeurIPS 2021: 1 - IoU^alpha
    return 1 - iou(pred, target) ** 3


def log_area_ratio(pred, target):  # no IoU, but of whole boxes as well
    one, two = ((b[:, 2:] - b[:, :2]).prod(1) for b in (pred, target))
    return (one / two).log().abs()


def norm(pred, target):  # of differences: good for deltas, too
    return (pred - target).norm(dim=1)


def wing(pred, target):  # Feng et al., CVPR 2018, each coordinate by itself
    off = (pred - target).abs()
    return torch.where(off < 3, 3 * (1 + off / 2).log(), off - 0.2).sum(1)


@pytest.mark.parametrize('name', ['BBoxHead', 'Child'])
@pytest.mark.parametrize(
    'function, refused',
    [(alpha_iou, True), (log_area_ratio, True), (norm, False), (wing, False)],
)
def test_a_loss_of_a_users_own(name, function, refused):
    class Child(type(bbox_head())):
        pass

    loss = UserLoss(function)
    assert guard.compares_boxes(loss) == refused
    assert loss.calls == 0  # it was a copy that was asked
    head = bbox_head()
    if name == 'Child':
        head = Child(
            in_channels=4, fc_out_channels=4, roi_feat_size=1, num_classes=1
        )
    if refused:
        with pytest.raises(ValueError, match='uses UserLoss, which compares'):
            head.loss_bbox = loss
        head.reg_decoded_bbox = True
    head.loss_bbox = loss


class Weighted(UserLoss):
    """That takes what heads give it, and nothing less."""

    def forward(self, pred, target, weight, avg_factor):
        values = self.function(pred, target) * weight.mean(dim=1)
        return values.sum() / avg_factor


class OfTwo(UserLoss):
    """Of a spread, which a single box does not have."""

    def forward(self, pred, target, weight=None, **kwargs):
        if len(pred) < 2:
            return pred.sum() * 0
        return self.function(pred, target).sum()


@pytest.mark.parametrize('kind', [Weighted, OfTwo])
@pytest.mark.parametrize(
    'function, boxes', [(alpha_iou, True), (norm, False), (wing, False)]
)
def test_losses_that_ask_for_more(kind, function, boxes):
    assert guard.compares_boxes(kind(function)) == boxes


def test_a_loss_that_cannot_be_asked_is_left_alone():
    for loss in (
        MODELS.build(dict(type='GHMR')),  # needs weights
        nn.Identity(),
        UserLoss(lambda pred, target: pred.unknown),
    ):
        assert not guard.compares_boxes(loss)


def test_a_users_head_that_always_decodes_is_left_alone():
    class Decodes(AnchorHead):
        def _get_targets_single(self, *args, **kwargs):
            return self.anchors_of(*args)

        def loss_by_feat_single(self, *args, **kwargs):
            return self.loss_bbox(*args)

    head = Decodes(
        num_classes=1, in_channels=4, loss_bbox=dict(type='GIoULoss')
    )
    assert type(head.loss_bbox).__name__ == 'GIoULoss'


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
