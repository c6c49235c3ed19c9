"""PP-YOLO's neck, part by part."""

import torch
import torch.nn.functional as F
from mmdet.models.layers import DropBlock
from mmdet.models.necks import YOLOV3Neck
from torch import nn

from dense_scene.models.layers.coord_conv import CoordConv
from dense_scene.models.necks.ppyolo_neck import (
    PPYOLONeck,
    spatial_pyramid_pool,
)

SMALL = dict(in_channels=(16, 8, 4), out_channels=(8, 4, 2))


def maps(size=(64, 96), channels=(4, 8, 16), batch=2):
    """Backbone maps of strides 8, 16 and 32."""
    return [
        torch.rand(batch, c, size[0] // s, size[1] // s)
        for c, s in zip(channels, (8, 16, 32))
    ]


def test_pooling_is_four_windows(generator):
    x = torch.randn(2, 3, 11, 17, generator=generator)
    windows = [
        F.max_pool2d(x, size, stride=1, padding=size // 2)
        for size in (1, 5, 9, 13)
    ]
    assert torch.equal(spatial_pyramid_pool(x), torch.cat(windows, 1))


def test_shapes_are_those_of_the_stock_neck():
    feats = maps()
    ours = PPYOLONeck(**SMALL)(feats)
    stock = YOLOV3Neck(3, [16, 8, 4], [8, 4, 2])(feats)
    assert [o.shape for o in ours] == [o.shape for o in stock]


def test_a_map_that_is_no_multiple_of_32_meets_its_finer_one():
    feats = [torch.rand(2, c, s, s) for c, s in ((4, 13), (8, 7), (16, 4))]
    assert [o.shape[-1] for o in PPYOLONeck(**SMALL)(feats)] == [4, 7, 13]


def test_the_published_numbers_of_channels():
    neck = PPYOLONeck()
    coords = [m for m in neck.modules() if isinstance(m, CoordConv)]
    # Three 1x1 convolutions of each of three levels; +2 are the coordinates.
    # 1280 = 1024 and 256 from above, 640 = 512 and 128.
    assert [c.in_channels - 2 for c in coords] == (
        [2048, 1024, 1024] + [1280, 512, 512] + [640, 256, 256]
    )
    assert [c.out_channels for c in coords] == [512] * 3 + [256] * 3 + [
        128
    ] * 3
    pooled = [block.pooled for block in neck.blocks]
    assert pooled[1:] == [None, None]
    assert pooled[0].conv.weight.shape == (512, 2048, 1, 1)


def test_parts_can_be_left_out():
    plain = PPYOLONeck(coord_conv=False, spp=False, drop_block=None, **SMALL)
    kinds = {type(m) for m in plain.modules()}
    assert not kinds & {CoordConv, DropBlock}
    # Nothing else differs from YOLOv3's neck
    stock = YOLOV3Neck(3, [16, 8, 4], [8, 4, 2])
    assert sum(p.numel() for p in plain.parameters()) == sum(
        p.numel() for p in stock.parameters()
    )


def test_without_its_parts_it_computes_what_the_stock_neck_does():
    plain = PPYOLONeck(coord_conv=False, spp=False, drop_block=None, **SMALL)
    stock = YOLOV3Neck(3, [16, 8, 4], [8, 4, 2])
    names = ('squeeze1', 'expand1', 'squeeze2', 'expand2', 'route')
    for level, block in enumerate(plain.blocks, 1):
        theirs = getattr(stock, f'detect{level}')
        for number, name in enumerate(names, 1):
            getattr(theirs, f'conv{number}').load_state_dict(
                getattr(block, name).state_dict()
            )
    for level, transition in enumerate(plain.transitions, 1):
        getattr(stock, f'conv{level}').load_state_dict(transition.state_dict())
    feats = maps()
    for ours, theirs in zip(plain(feats), stock(feats)):
        torch.testing.assert_close(ours, theirs)


class _Marks(nn.Module):
    """In the place of DropBlock: tells the channels it is given."""

    block_size = 3

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(tuple(x.shape[1:]))
        return x


def test_blocks_drop_once_and_only_where_they_fit():
    neck = PPYOLONeck(**SMALL)
    for block in neck.blocks:
        block.drop = _Marks()
    order = []
    for name in ('expand1', 'expand2'):
        getattr(neck.blocks[0], name).register_forward_hook(
            lambda *_, name=name: order.append((name, len(block0.drop.seen)))
        )
        getattr(neck.blocks[1], name).register_forward_hook(
            lambda *_, name=name: order.append((name, len(block1.drop.seen)))
        )
    block0, block1, _ = neck.blocks
    neck(maps((96, 96)))
    # Nothing dropped before expand2 of the coarsest level, which is the last
    # convolution before its drop; the next level drops before its expand2.
    assert order == [
        ('expand1', 0),
        ('expand2', 0),
        ('expand1', 0),
        ('expand2', 1),
    ]
    assert [len(block.drop.seen) for block in neck.blocks] == [1, 1, 1]
    neck(maps((64, 64)))  # 2 x 2 pixels are no block of 3
    assert [len(block.drop.seen) for block in neck.blocks] == [1, 2, 2]


def test_drop_block_works_in_training_alone():
    torch.manual_seed(0)
    drop = dict(drop_prob=0.5, block_size=3, warmup_iters=0)
    neck = PPYOLONeck(drop_block=drop, **SMALL)
    feats = maps((160, 160))
    neck.eval()
    assert torch.equal(neck(feats)[0], neck(feats)[0])
    neck.train()
    assert not torch.equal(neck(feats)[0], neck(feats)[0])
