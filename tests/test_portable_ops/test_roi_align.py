"""RoIAlign, average and maximum, against loops in float64."""

import math
import sys

import pytest
import torch

import portable_ops
from tests.test_portable_ops.inputs import EDGE_ROIS, make_rois, relative_error
from tests.test_portable_ops.roi_oracle import definition, largest, mean

SCALE = 0.25


@pytest.fixture
def inputs(generator):
    maps = torch.randn(2, 3, 20, 30, generator=generator).double()
    edges = torch.tensor(EDGE_ROIS)
    return maps, torch.cat([make_rois(6, generator), edges]).double()


ALIGNED = pytest.mark.parametrize('aligned', [True, False])
RATIOS = pytest.mark.parametrize('ratio', [0, 2])


@ALIGNED
@RATIOS
def test_average_and_gradient_equal_the_definition(inputs, ratio, aligned):
    maps, rois = inputs
    settings = (SCALE, ratio, aligned)
    leaf = maps.clone().requires_grad_()
    expected = definition(leaf, rois, (3, 2), *settings, mean)
    output = portable_ops.roi_align(maps, rois, (3, 2), *settings)
    assert relative_error(output, expected.detach()) < 1e-12
    grad = torch.randn(
        output.shape, generator=torch.Generator().manual_seed(1)
    ).double()
    (gradient,) = torch.autograd.grad(expected, leaf, grad)
    assert (
        relative_error(
            portable_ops.roi_align_backward(grad, rois, maps.shape, *settings),
            gradient,
        )
        < 1e-12
    )


@ALIGNED
@RATIOS
def test_maximum_and_gradient_equal_the_definition(inputs, ratio, aligned):
    maps, rois = inputs
    leaf = maps.clone().requires_grad_()
    expected = definition(leaf, rois, (3, 2), SCALE, ratio, aligned, largest)
    output, *argmax = portable_ops.roi_align_max(
        maps, rois, (3, 2), SCALE, ratio, aligned
    )
    assert relative_error(output, expected.detach()) < 1e-12
    grad = torch.rand(
        output.shape, generator=torch.Generator().manual_seed(1)
    ).double()
    # Samples far outside are all 0 and of no gradient; the largest of
    # distinct samples is what autograd follows as well.
    (gradient,) = torch.autograd.grad(expected, leaf, grad)
    found = portable_ops.roi_align_max_backward(
        grad, rois, *argmax, maps.shape
    )
    assert relative_error(found, gradient) < 1e-12


def test_maximum_of_a_tall_and_a_wide_roi(inputs):
    """Neither has as many samples as the tallest by the widest."""
    maps = inputs[0]
    rois = torch.tensor([[0, 10, 0, 14, 80], [1, 0, 10, 120, 14]]).double()
    output, *_ = portable_ops.roi_align_max(maps, rois, (2, 2), SCALE)
    expected = definition(maps, rois, (2, 2), SCALE, 0, True, largest)
    assert relative_error(output, expected) < 1e-12


def test_a_constant_map_gives_the_constant():
    maps = torch.full((1, 2, 20, 30), 3.0)
    rois = torch.tensor([[0, 8.0, 8, 60, 40]]).repeat(600, 1)
    output = portable_ops.roi_align(maps, rois, (7, 7), SCALE)
    torch.testing.assert_close(output, torch.full((600, 2, 7, 7), 3.0))


def test_a_ramp_is_read_at_bin_centers():
    """On f(x) = x the mean over a bin is its center, minus the half pixel
    that `aligned` shifts by: RoI 8..40 is 2..10 on the map, bins of 2."""
    maps = torch.arange(30.0).expand(1, 1, 20, 30)
    rois = torch.tensor([[0, 8.0, 8, 40, 40]])
    output = portable_ops.roi_align(maps, rois, (1, 4), SCALE, 2, True)
    torch.testing.assert_close(
        output.flatten(), torch.tensor([2.5, 4.5, 6.5, 8.5])
    )
    output = portable_ops.roi_align(maps, rois, (1, 4), SCALE, 2, False)
    torch.testing.assert_close(
        output.flatten(), torch.tensor([3.0, 5.0, 7.0, 9.0])
    )


@RATIOS
def test_gradient_of_a_sum_counts_the_bins(ratio):
    """Weights of a bin that lies inside add up to 1."""
    rois = torch.tensor([[0, 8.0, 8, 60, 40]]).repeat(5, 1)
    grad = portable_ops.roi_align_backward(
        torch.ones(5, 1, 7, 7), rois, (1, 1, 20, 30), SCALE, ratio
    )
    torch.testing.assert_close(grad.sum(), torch.tensor(5.0 * 49))


def test_chunks_change_nothing(generator, monkeypatch):
    # The package's attribute of that name is the function.
    module = sys.modules['portable_ops.roi_align']
    maps = torch.randn(2, 4, 20, 30, generator=generator)
    rois = make_rois(600, generator)
    whole = portable_ops.roi_align(maps, rois, (7, 7), SCALE)
    gradient = portable_ops.roi_align_backward(whole, rois, maps.shape, SCALE)
    monkeypatch.setattr(module, '_CHUNK_ENTRIES', 5000)
    torch.testing.assert_close(
        portable_ops.roi_align(maps, rois, (7, 7), SCALE), whole
    )
    torch.testing.assert_close(
        portable_ops.roi_align_backward(whole, rois, maps.shape, SCALE),
        gradient,
    )


def test_the_torch_route_equals_the_numpy_route(generator, monkeypatch):
    """CUDA builds the matrix with torch; here on the CPU."""
    maps = torch.randn(2, 4, 20, 30, generator=generator)
    rois = torch.cat([make_rois(50, generator), torch.tensor(EDGE_ROIS)])

    def both() -> tuple[torch.Tensor, torch.Tensor]:
        output = portable_ops.roi_align(maps, rois, (7, 5), SCALE)
        return output, portable_ops.roi_align_backward(
            output, rois, maps.shape, SCALE
        )

    expected = both()
    for module in ('roi_grid', 'sparse_rows'):
        monkeypatch.setattr(f'portable_ops.{module}.as_array', lambda x: x)
    for ours, theirs in zip(both(), expected):
        assert torch.equal(ours, theirs)


def test_no_roi():
    maps, rois = torch.ones(1, 2, 5, 5), torch.zeros(0, 5)
    assert portable_ops.roi_align(maps, rois, (7, 7)).shape == (0, 2, 7, 7)
    for output in portable_ops.roi_align_max(maps, rois, (7, 7)):
        assert output.shape == (0, 2, 7, 7)
    none = torch.zeros(0, 2, 7, 7)
    gradients = (
        portable_ops.roi_align_backward(none, rois, (1, 2, 5, 5)),
        portable_ops.roi_align_max_backward(
            none, rois, none, none, (1, 2, 5, 5)
        ),
    )
    for gradient in gradients:
        assert torch.equal(gradient, torch.zeros(1, 2, 5, 5))


def test_memory_layout_does_not_matter(generator):
    maps = torch.randn(2, 4, 20, 30, generator=generator)
    rois = make_rois(10, generator)
    output = portable_ops.roi_align(maps, rois, (7, 7), SCALE)
    for layout in (
        maps.to(memory_format=torch.channels_last),
        maps.transpose(2, 3).contiguous().transpose(2, 3),
    ):
        other = portable_ops.roi_align(layout, rois, (7, 7), SCALE)
        assert torch.equal(output, other)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_narrow_types_are_computed_in_fp32(generator, dtype):
    maps = torch.randn(2, 4, 20, 30, generator=generator).to(dtype)
    rois = make_rois(10, generator).to(dtype)
    wide = portable_ops.roi_align(maps.float(), rois.float(), (7, 7), SCALE)
    output = portable_ops.roi_align(maps, rois, (7, 7), SCALE)
    assert output.dtype == dtype
    assert torch.equal(output, wide.to(dtype))
    gradient = portable_ops.roi_align_backward(output, rois, maps.shape, SCALE)
    wide = portable_ops.roi_align_backward(
        output.float(), rois.float(), maps.shape, SCALE
    )
    assert torch.equal(gradient, wide.to(dtype))


def test_nan_boxes_read_zero():
    """A diverging run must end in a NaN loss, not in a crash in here."""
    rois = torch.tensor([[0, math.nan, math.nan, math.nan, math.nan]])
    maps = torch.ones(1, 2, 5, 5)
    for ratio in (0, 2):
        output = portable_ops.roi_align(maps, rois, (2, 2), 1.0, ratio)
        assert torch.equal(output, torch.zeros(1, 2, 2, 2))


@pytest.mark.parametrize(
    'function', [portable_ops.roi_align, portable_ops.roi_align_max]
)
def test_impossible_rois_are_named(function):
    maps = torch.ones(2, 1, 5, 5)
    good = [0, 1.0, 1, 3, 3]
    with pytest.raises(
        ValueError, match=r'image index in \[0, 2\), but RoI 1 is \[2.0'
    ):
        function(maps, torch.tensor([good, [2, 1, 1, 3, 3]]), (2, 2))
    bad = torch.tensor([good, [0, 3, 1, 1, 3]])
    with pytest.raises(
        ValueError, match=r'x2 >= x1 and y2 >= y1 .* but RoI 1 is \[0.0'
    ):
        function(maps, bad, (2, 2))
    function(maps, bad, (2, 2), aligned=False)
