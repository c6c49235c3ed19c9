"""Overlap of rotated boxes, (center x, y, width, height, radians)."""

import torch
from torch import Tensor

from portable_ops.arguments import check_arguments

# Pairs that are clipped at once: 24 points of each.
_PAIRS_AT_ONCE = 1 << 14
_EPS = 1e-14


def box_iou_rotated(
    boxes: Tensor, others: Tensor, mode: str = 'iou', aligned: bool = False
) -> Tensor:
    """Exact overlap of rotated rectangles.

    The intersection of two convex polygons is the hull of their corners
    inside each other and of the crossings of their edges.

    Args:
        boxes: (N, 5).
        others: (M, 5); N = M if ``aligned``.
        mode: 'iou', or 'iof', the intersection over the area of ``boxes``.

    Returns:
        (N, M) float32 or float64, or (N,) if ``aligned``.
    """
    check_arguments('box_iou_rotated', boxes=boxes, others=others)
    if aligned:
        if len(boxes) != len(others):
            raise ValueError(
                f'others must be ({len(boxes)}, 5) as boxes, but got '
                f'{tuple(others.shape)}.'
            )
        return aligned_overlaps(boxes, others, mode)
    first = boxes.repeat_interleave(len(others), dim=0)
    second = others.repeat(len(boxes), 1)
    overlaps = aligned_overlaps(first, second, mode)
    return overlaps.view(len(boxes), len(others))


def aligned_overlaps(
    first: Tensor, second: Tensor, mode: str = 'iou'
) -> Tensor:
    """Overlaps of (P, 5) with (P, 5) boxes, (P,), a part at a time."""
    parts = zip(first.split(_PAIRS_AT_ONCE), second.split(_PAIRS_AT_ONCE))
    return torch.cat([_overlap(a, b, mode) for a, b in parts])


def _overlap(first: Tensor, second: Tensor, mode: str) -> Tensor:
    """Overlaps of (P, 5) with (P, 5) boxes, (P,)."""
    # Around their common center: digits are lost far from the origin.
    center = (first[:, :2] + second[:, :2]) / 2
    a, b = corners(first, center), corners(second, center)
    shared = _shared_area(a, b)
    area, other = (box[:, 2] * box[:, 3] for box in (first, second))
    tiny = (area < _EPS) | (other < _EPS)
    whole = area + other - shared if mode == 'iou' else area
    return torch.where(tiny, torch.zeros_like(shared), shared / whole)


def corners(boxes: Tensor, center: Tensor) -> Tensor:
    """(P, 4, 2), in order around the box."""
    cos, sin = boxes[:, 4].cos() / 2, boxes[:, 4].sin() / 2
    along = torch.stack((cos, sin), dim=1) * boxes[:, 2:3]
    across = torch.stack((-sin, cos), dim=1) * boxes[:, 3:4]
    middle = boxes[:, :2] - center
    return torch.stack(
        (
            middle - along - across,
            middle + along - across,
            middle + along + across,
            middle - along + across,
        ),
        dim=1,
    )


def _shared_area(a: Tensor, b: Tensor) -> Tensor:
    """Area of the intersection of (P, 4, 2) convex polygons."""
    crossings, crosses = _crossings(a, b)
    points = torch.cat((crossings, a, b), dim=1)
    valid = torch.cat((crosses, _inside(a, b), _inside(b, a)), dim=1)
    count = valid.sum(dim=1, keepdim=True).clamp(min=1)
    points = torch.where(valid[..., None], points, 0)
    middle = points.sum(dim=1, keepdim=True) / count[..., None]
    # Points that do not count fall on the middle: they add no area.
    points = torch.where(valid[..., None], points - middle, 0)
    angle = torch.atan2(points[..., 1], points[..., 0])
    angle = torch.where(valid, angle, torch.full_like(angle, 4.0))
    order = angle.argsort(dim=1)
    points = points.gather(1, order[..., None].expand_as(points))
    # The fan of triangles around the middle; the last one closes it.
    last = points.gather(1, (count - 1)[..., None].expand(-1, 1, 2))
    before = torch.cat((last, points[:, :-1]), dim=1)
    cross = before[..., 0] * points[..., 1] - before[..., 1] * points[..., 0]
    return cross.sum(dim=1).abs() / 2


def _crossings(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Where edges cross, (P, 16, 2), and whether they do, (P, 16)."""
    start, other = a[:, :, None], b[:, None]
    along = (a.roll(-1, 1) - a)[:, :, None]
    other_along = (b.roll(-1, 1) - b)[:, None]
    det = _cross(along, other_along)
    parallel = det.abs() <= _EPS
    det = torch.where(parallel, torch.ones_like(det), det)
    t = _cross(other - start, other_along) / det
    u = _cross(other - start, along) / det
    meets = (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1) & ~parallel
    points = start + t[..., None] * along
    return points.flatten(1, 2), meets.flatten(1)


def _inside(points: Tensor, box: Tensor) -> Tensor:
    """Which (P, 4, 2) points lie in the (P, 4, 2) rectangle, its rim too."""
    corner = box[:, :1]
    inside = torch.ones(points.shape[:2], dtype=torch.bool, device=box.device)
    for neighbor in (box[:, 1:2], box[:, 3:4]):
        side = neighbor - corner
        place = ((points - corner) * side).sum(dim=-1)
        length = side.square().sum(dim=-1)
        slack = 1e-6 * length
        inside &= (place >= -slack) & (place <= length + slack)
    return inside


def _cross(first: Tensor, second: Tensor) -> Tensor:
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
