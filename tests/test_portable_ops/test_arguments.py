"""What does not fit is named in one line, on the CPU and on CUDA alike."""

import importlib

import pytest
import torch

from portable_ops.arguments import ARGUMENTS
from portable_ops.deform_conv import ConvShape


def zeros(*size):
    return torch.zeros(size)


def whole(*size):
    return torch.zeros(size, dtype=torch.long)


# Module, arguments that fit, in the order of the function, and the rest.
CALLS = {
    'nms': ('nms', [zeros(6, 4), zeros(6)], [0.5]),
    'soft_nms': ('soft_nms', [zeros(6, 4), zeros(6)], []),
    'nms_match': ('box_overlaps', [zeros(6, 5)], [0.5]),
    'bbox_overlaps': ('box_overlaps', [zeros(6, 4), zeros(3, 4)], []),
    'nms_rotated': ('nms_rotated', [zeros(6, 5), zeros(6)], [0.5]),
    'box_iou_rotated': ('rotated', [zeros(6, 5), zeros(3, 5)], []),
    'roi_align': ('roi_align', [zeros(2, 3, 8, 9), zeros(6, 5)], [(7, 7)]),
    'roi_align_max': (
        'roi_align_max',
        [zeros(2, 3, 8, 9), zeros(6, 5)],
        [(7, 7)],
    ),
    'roi_pool': ('roi_pool', [zeros(2, 3, 8, 9), zeros(6, 5)], [(7, 7), 1.0]),
    'deform_roi_pool': (
        'deform_roi_pool',
        [zeros(2, 3, 8, 9), zeros(6, 5), zeros(6, 2, 7, 7)],
        [(7, 7)],
    ),
    'sigmoid_focal_loss': ('focal_loss', [zeros(6, 3), whole(6)], []),
    'ms_deform_attn': (
        'ms_deform_attn',
        [
            zeros(2, 26, 3, 4),
            torch.tensor([[4, 5], [2, 3]]),
            zeros(2, 7, 3, 2, 4, 2),
            zeros(2, 7, 3, 2, 4),
        ],
        [],
    ),
    'carafe': ('carafe', [zeros(1, 4, 3, 2), zeros(1, 18, 6, 4)], [3, 2, 2]),
    'masked_im2col': (
        'masked_conv',
        [zeros(1, 3, 6, 7), whole(5), whole(5)],
        [(3, 3), (1, 1)],
    ),
    'masked_col2im': (
        'masked_conv',
        [zeros(3, 5), whole(5), whole(5)],
        [(6, 7)],
    ),
    'deform_conv': (
        'deform_conv',
        [zeros(2, 4, 9, 9), zeros(2, 18, 9, 9), zeros(6, 4, 3, 3)],
        [],
    ),
}
# Checked by the sizes of the levels before the table is.
LEVELS = 'shapes'


def call(name, tensors):
    module, _, rest = CALLS[name]
    function = getattr(importlib.import_module(f'portable_ops.{module}'), name)
    named = {}
    if name == 'deform_conv':
        named['shape'] = ConvShape(padding=(1, 1))
    return function(*tensors, *rest, **named)


def names_of(name):
    """Of the arguments in CALLS."""
    names = list(ARGUMENTS[name])[: len(CALLS[name][1])]
    if name == 'ms_deform_attn':
        names.insert(1, LEVELS)
    return names


CASES = [
    (name, index)
    for name in CALLS
    for index, argument in enumerate(names_of(name))
    if argument != LEVELS
]


def test_the_table_is_whole():
    assert set(CALLS) == set(ARGUMENTS)
    for name, (_, tensors, _) in CALLS.items():
        call(name, tensors)


@pytest.mark.parametrize('name, index', CASES)
def test_one_dimension_less(name, index):
    tensors = list(CALLS[name][1])
    tensors[index] = tensors[index][..., 0]
    wanted = f'{names_of(name)[index]} must be .* but got'
    with pytest.raises(ValueError, match=wanted) as error:
        call(name, tensors)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('name, index', CASES)
def test_another_kind_of_numbers(name, index):
    tensors = list(CALLS[name][1])
    tensors[index] = tensors[index].to(torch.complex64)
    wanted = f'{names_of(name)[index]} must be .* but got torch.complex64'
    with pytest.raises(TypeError, match=wanted):
        call(name, tensors)


@pytest.mark.parametrize(
    'name, index', [(name, index) for name, index in CASES if index]
)
def test_another_device(name, index):
    tensors = list(CALLS[name][1])
    tensors[index] = tensors[index].to('meta')
    wanted = f'{names_of(name)[index]} must be on cpu as .* but got meta'
    with pytest.raises(ValueError, match=wanted):
        call(name, tensors)


@pytest.mark.parametrize('name', ['nms', 'soft_nms', 'nms_rotated'])
def test_a_score_for_each_box(name):
    boxes, scores = CALLS[name][1]
    with pytest.raises(
        ValueError,
        match=r'scores must be \(N,\) with N = 6 as boxes has, but got \(5,\)',
    ):
        call(name, [boxes, scores[:5]])


@pytest.mark.parametrize('name', ['roi_align', 'roi_align_max', 'roi_pool'])
@pytest.mark.parametrize('image', [-1, 2, float('nan')])
def test_rois_out_of_the_batch(name, image):
    maps, rois = CALLS[name][1]
    rois = rois.clone()
    rois[4, 0] = image
    with pytest.raises(ValueError, match=r'image index in \[0, 2\).* RoI 4'):
        call(name, [maps, rois])


def test_a_list_is_no_tensor():
    with pytest.raises(TypeError, match='boxes must be a tensor, .* got list'):
        call('nms', [[[0, 0, 1, 1]], zeros(1)])


def changed(name, index, tensor, *rest):
    """A call with one tensor changed, and the numbers if some are given."""
    module, tensors, numbers = CALLS[name]
    tensors = [*tensors[:index], tensor, *tensors[index + 1 :]]
    function = getattr(importlib.import_module(f'portable_ops.{module}'), name)
    return lambda: function(*tensors, *(rest or numbers))


def conv(weight, **shape):
    maps, offset, _ = CALLS['deform_conv'][1]
    function = importlib.import_module('portable_ops.deform_conv').deform_conv
    shape = ConvShape(padding=(1, 1), **shape)
    return lambda: function(maps, offset, weight, shape=shape)


NONSENSE = {
    'row below the map': (
        changed('masked_im2col', 1, torch.tensor([0, 0, 6, 0, 0])),
        r'rows must be in \[0, 6\), but got 6',
    ),
    'negative column': (
        changed('masked_col2im', 2, torch.tensor([0, -1, 0, 0, 0])),
        r'columns must be in \[0, 7\), but got -1',
    ),
    'even kernel': (
        changed('carafe', 0, zeros(1, 4, 3, 2), 4, 2, 2),
        'kernel_size must be odd, but got 4',
    ),
    'groups of three of four channels': (
        changed('carafe', 0, zeros(1, 4, 3, 2), 3, 3, 2),
        'group_size must divide the 4 channels .* got 3',
    ),
    'channels of another layer': (
        conv(zeros(6, 5, 3, 3)),
        'weight must have 4 / 1 input channels',
    ),
    'groups that do not divide': (
        conv(zeros(5, 2, 3, 3), groups=2),
        'weight must have .* a multiple of 2 output channels',
    ),
    'deform groups that do not divide': (
        conv(zeros(6, 4, 3, 3), deform_groups=3),
        'deform_groups must divide the 4 channels of maps, but got 3',
    ),
    'kernel larger than the maps': (
        conv(zeros(6, 4, 30, 30)),
        'weight must have a kernel that fits into maps',
    ),
    'levels without a width': (
        changed('ms_deform_attn', 1, whole(2)),
        r'shapes must be \(levels, 2\), but got \(2,\)',
    ),
}


@pytest.mark.parametrize('case', NONSENSE)
def test_nonsense_is_named(case):
    act, wanted = NONSENSE[case]
    with pytest.raises(ValueError, match=wanted) as error:
        act()
    assert '\n' not in str(error.value)
