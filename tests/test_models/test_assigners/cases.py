"""Random images for assigners, with everything that has gone wrong before."""

import torch
from mmdet.models.task_modules import AssignResult
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmengine.structures import InstanceData
from torch import Tensor

from dense_scene.models.assigners import DenseMaxIoUAssigner

KINDS = ('whole', 'real', 'touching', 'copies', 'spread', 'inverted', 'tiny')


def make_boxes(num: int, kind: str, rng: torch.Generator) -> Tensor:
    """(num, 4). Whole pixels on a small square make ties the rule."""
    if kind in ('real', 'tiny'):
        # The tiny ones, a thousandth as large, have areas and unions around
        # mmdet's guard of the division, 1e-6.
        unit = 1 if kind == 'real' else 1e-3
        low = torch.rand(num, 2, generator=rng) * 10 * unit
        size = torch.rand(num, 2, generator=rng) * 6 * unit
        return torch.cat([low, low + size], 1)
    span = 1000 if kind == 'spread' else 8
    low = torch.randint(0, span, (num, 2), generator=rng).float()
    if kind == 'touching':
        return torch.cat([low * 2, low * 2 + 2], 1)
    # From -1 some are inverted; 0 wide or high has no area.
    least = -1 if kind == 'inverted' else 0
    size = torch.randint(least, 5, (num, 2), generator=rng)
    boxes = torch.cat([low, low + size], 1)
    if kind == 'copies' and num:
        boxes = boxes[torch.randint(0, (num + 3) // 4, (num,), generator=rng)]
    return boxes


def make_image(
    num_priors: int, num_objects: int, num_ignored: int, kind: str, seed: int
) -> tuple[InstanceData, InstanceData, InstanceData]:
    """What ``assign`` is called with. Labels tell objects apart."""
    rng = torch.Generator().manual_seed(seed)
    priors, objects, ignored = (
        make_boxes(num, kind, rng)
        for num in (num_priors, num_objects, num_ignored)
    )
    return (
        InstanceData(priors=priors),
        InstanceData(bboxes=objects, labels=torch.arange(num_objects) + 10),
        InstanceData(bboxes=ignored),
    )


def assert_equal(
    ours: AssignResult, stock: AssignResult, case: str = ''
) -> None:
    """In every bit, NaN in the same places."""
    assert ours.num_gts == stock.num_gts
    for name in ('gt_inds', 'max_overlaps', 'labels'):
        found, expected = getattr(ours, name), getattr(stock, name)
        assert found.dtype == expected.dtype
        if found.is_floating_point():
            found, expected = found.nan_to_num(-7), expected.nan_to_num(-7)
        assert torch.equal(found, expected), f'{name}, {case}'


def compare(image: tuple, case: str = '', **options) -> AssignResult:
    """Assign with both; the result, if they agree."""
    ours = DenseMaxIoUAssigner(**options).assign(*image)
    assert_equal(ours, MaxIoUAssigner(**options).assign(*image), case)
    return ours
