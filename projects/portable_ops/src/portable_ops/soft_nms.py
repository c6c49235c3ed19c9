"""Soft non-maximum suppression."""

import math

import numpy as np
import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.opaque import opaque, unknown_size
from portable_ops.soft_nms_pairs import find_neighbors, suppress
from portable_ops.soft_nms_quick import (
    FEW,
    all_overlaps,
    choose_of_few,
    choose_of_linked,
)

METHODS = ('naive', 'linear', 'gaussian')


def _fake_soft_nms(boxes, scores, *settings, **named):
    size = unknown_size()
    return (
        boxes.new_empty((size, 5), device='cpu'),
        boxes.new_empty(size, dtype=torch.long, device='cpu'),
    )


@opaque(
    'soft_nms(Tensor boxes, Tensor scores, float iou_threshold=0.3, '
    'float sigma=0.5, float min_score=0.001, str method="linear", '
    'int offset=0) -> (Tensor, Tensor)',
    _fake_soft_nms,
)
def soft_nms(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float = 0.3,
    sigma: float = 0.5,
    min_score: float = 1e-3,
    method: str = 'linear',
    offset: int = 0,
) -> tuple[Tensor, Tensor]:
    """Lower the scores of boxes that overlap a better one.

    Source: `Soft-NMS <https://arxiv.org/abs/1704.04503>`_, Eq. (2) 'linear'
    (weight 1 - IoU from the threshold on) and Eq. (3) 'gaussian' (weight
    exp(-IoU^2 / sigma), no threshold); 'naive' is weight 0 from the
    threshold on. As in mmcv the work is done on the CPU, box after box, and
    the list is permuted by the same swaps, so that equal scores come out in
    the same order; NaN likewise.

    Args:
        boxes: (N, 4), xyxy, pixels.
        scores: (N,).
        iou_threshold: Where 'naive' and 'linear' begin to act.
        sigma: Width of 'gaussian'.
        min_score: Boxes whose score falls below are dropped.
        method: One of ``METHODS``.
        offset: 0, or 1 where x2 and y2 are the last pixel of the box.

    Returns:
        (K, 5) boxes with their new scores, by descending score, and their
        (K,) int64 indices, both on the CPU; no box gives no row.

    Raises:
        ValueError: If ``method`` is none of ``METHODS``.
    """
    if method not in METHODS:
        raise ValueError(
            f'method must be one of {METHODS}, but got {method!r}.'
        )
    check_arguments('soft_nms', boxes=boxes, scores=scores)
    state = _state(boxes, scores, offset)
    settings = (iou_threshold, sigma, min_score, method, offset)
    found = None
    # Without NaN, infinity or empty boxes. In one sum: calls cost time, too.
    if math.isfinite(state.sum()) and state[4].min(initial=1) > 0:
        if len(boxes) in FEW:
            found = _by_all(state, *settings)
        if found is None:
            found = _by_pairs(state, *settings)
    if found is None:
        found = _by_rows(state, *settings)
    index, lowered = found
    dets = np.empty((len(index), 5), state.dtype)
    dets[:, :4] = state[:4].T.take(index, 0)
    dets[:, 4] = lowered
    return torch.from_numpy(dets).to(boxes.dtype), torch.from_numpy(index)


def _state(boxes: Tensor, scores: Tensor, offset: int) -> np.ndarray:
    """(6, N), rows x1, y1, x2, y2, area and score."""
    wide = torch.float64 if boxes.dtype == torch.float64 else torch.float32
    columns = boxes.detach().to('cpu', wide).numpy().T
    state = np.empty((6, len(boxes)), columns.dtype)
    state[:4] = columns
    size = state[2:4] - state[:2]
    if offset:
        size += offset
    np.multiply(size[0], size[1], out=state[4])
    state[5] = scores.detach().to('cpu', wide).numpy()
    return state


def _by_all(
    state: np.ndarray,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    offset: int,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Each box is compared with each at once; None where scores are equal."""
    overlaps = all_overlaps(state[:5], offset)
    factors = _weight(overlaps, iou_threshold, sigma, method)
    return choose_of_few(state[5].copy(), factors, min_score)


def _by_pairs(
    state: np.ndarray,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    offset: int,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Only boxes that overlap enough are compared, if that tells all."""
    least = 0.0 if method == 'gaussian' else iou_threshold
    if least < 0 or (least == 0 and method == 'naive'):
        return None  # boxes that do not overlap suppress each other, too
    neighbors = find_neighbors(state[:5], least, offset)
    if neighbors is None:
        return None
    factors = _weight(neighbors.overlaps, iou_threshold, sigma, method)
    found = choose_of_linked(state[5].copy(), neighbors, factors, min_score)
    if found is None:
        found = suppress(state[5].copy(), neighbors, factors, min_score)
    return found


def _by_rows(
    state: np.ndarray,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    offset: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Each box is compared with all that are left."""
    state = state.copy()
    index = np.arange(state.shape[1])
    alive, done = state.shape[1], 0
    while done < alive:
        best = done
        if not np.isnan(state[5, done]):  # above nothing, so it stays
            best += int(np.nanargmax(state[5, done:alive]))
        state[:, [done, best]] = state[:, [best, done]]
        index[[done, best]] = index[[best, done]]
        rest = state[:, done + 1 : alive]
        overlap = _iou(state[:, done, None], rest, offset)
        rest[5] *= _weight(overlap, iou_threshold, sigma, method)
        kept = _close_gaps(rest, index[done + 1 : alive], min_score)
        done += 1
        alive = done + kept
    return index[:alive], state[5, :alive]


def _iou(best: np.ndarray, rest: np.ndarray, offset: int) -> np.ndarray:
    width = np.minimum(best[2], rest[2]) - np.maximum(best[0], rest[0])
    height = np.minimum(best[3], rest[3]) - np.maximum(best[1], rest[1])
    shift = rest.dtype.type(offset)
    inter = np.maximum(width + shift, 0) * np.maximum(height + shift, 0)
    with np.errstate(invalid='ignore', divide='ignore'):
        # Two empty boxes: 0 / 0 is NaN, which is above no threshold.
        return inter / (best[4] + rest[4] - inter)


def _weight(
    overlap: np.ndarray, iou_threshold: float, sigma: float, method: str
) -> np.ndarray:
    """What a score is multiplied with; ``overlap`` is written over."""
    if method == 'gaussian':
        overlap *= overlap
        overlap /= overlap.dtype.type(-sigma)
        return np.exp(overlap, out=overlap)
    # Few are above, and NaN is not.
    above = overlap >= overlap.dtype.type(iou_threshold)
    above = above.ravel().nonzero()[0]
    weight = np.ones_like(overlap)
    if method == 'linear':
        weight.put(above, 1 - overlap.take(above))
    else:
        weight.put(above, 0)
    return weight


def _close_gaps(rest: np.ndarray, index: np.ndarray, min_score: float) -> int:
    """Fill the places of dropped boxes from the end; returns how many stay.

    One box at a time this is mmcv's "swap with the last": the places fill in
    ascending order with the survivors in descending order.
    """
    low = rest[5] < rest.dtype.type(min_score)
    kept = len(low) - int(np.count_nonzero(low))
    if kept < len(low):
        holes = np.flatnonzero(low[:kept])
        movers = kept + np.flatnonzero(~low[kept:])[::-1]
        rest[:, holes] = rest[:, movers]
        index[holes] = index[movers]
    return kept
