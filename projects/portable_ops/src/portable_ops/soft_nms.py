"""Soft non-maximum suppression."""

import numpy as np
import torch
from torch import Tensor

from portable_ops.arguments import check_arguments
from portable_ops.opaque import opaque, unknown_size
from portable_ops.soft_nms_pairs import find_neighbors, suppress

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
    wide = np.float64 if boxes.dtype == torch.float64 else np.float32
    # Rows x1, y1, x2, y2, score, area; `index` goes with the columns.
    state = np.empty((6, len(boxes)), wide)
    precise = torch.float64 if wide is np.float64 else torch.float32
    state[:4] = boxes.detach().to('cpu', precise).numpy().T
    state[4] = scores.detach().to('cpu', precise).numpy()
    x1, y1, x2, y2 = state[:4]
    state[5] = (x2 - x1 + wide(offset)) * (y2 - y1 + wide(offset))
    found = _by_pairs(state, iou_threshold, sigma, min_score, method, offset)
    if found is None:
        found = _by_rows(
            state, iou_threshold, sigma, min_score, method, offset
        )
    dets, index = (torch.from_numpy(np.ascontiguousarray(x)) for x in found)
    return dets.to(boxes.dtype), index


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
    if not np.isfinite(state).all() or not (state[5] > 0).all():
        return None
    boxes = state[[0, 1, 2, 3, 5]]
    neighbors = find_neighbors(boxes, least, offset)
    if neighbors is None:
        return None
    factors = _weight(neighbors.overlaps, iou_threshold, sigma, method)
    scores, index = suppress(state[4].copy(), neighbors, factors, min_score)
    return np.concatenate([boxes[:4, index], scores[None]]).T, index


def _by_rows(
    state: np.ndarray,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    offset: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Each box is compared with all that are left."""
    index = np.arange(state.shape[1])
    alive, done = state.shape[1], 0
    while done < alive:
        best = done
        if not np.isnan(state[4, done]):  # above nothing, so it stays
            best += int(np.nanargmax(state[4, done:alive]))
        state[:, [done, best]] = state[:, [best, done]]
        index[[done, best]] = index[[best, done]]
        rest = state[:, done + 1 : alive]
        overlap = _iou(state[:, done, None], rest, offset)
        rest[4] *= _weight(overlap, iou_threshold, sigma, method)
        kept = _close_gaps(rest, index[done + 1 : alive], min_score)
        done += 1
        alive = done + kept
    return state[:5, :alive].T, index[:alive]


def _iou(best: np.ndarray, rest: np.ndarray, offset: int) -> np.ndarray:
    width = np.minimum(best[2], rest[2]) - np.maximum(best[0], rest[0])
    height = np.minimum(best[3], rest[3]) - np.maximum(best[1], rest[1])
    shift = rest.dtype.type(offset)
    inter = np.maximum(width + shift, 0) * np.maximum(height + shift, 0)
    with np.errstate(invalid='ignore', divide='ignore'):
        # Two empty boxes: 0 / 0 is NaN, which is above no threshold.
        return inter / (best[5] + rest[5] - inter)


def _weight(
    overlap: np.ndarray, iou_threshold: float, sigma: float, method: str
) -> np.ndarray:
    if method == 'gaussian':
        return np.exp(-(overlap * overlap) / overlap.dtype.type(sigma))
    reduced = 1 - overlap if method == 'linear' else overlap.dtype.type(0)
    above = overlap >= overlap.dtype.type(iou_threshold)
    return np.where(above, reduced, overlap.dtype.type(1))


def _close_gaps(rest: np.ndarray, index: np.ndarray, min_score: float) -> int:
    """Fill the places of dropped boxes from the end; returns how many stay.

    One box at a time this is mmcv's "swap with the last": the places fill in
    ascending order with the survivors in descending order.
    """
    low = rest[4] < rest.dtype.type(min_score)
    kept = len(low) - int(np.count_nonzero(low))
    if kept < len(low):
        holes = np.flatnonzero(low[:kept])
        movers = kept + np.flatnonzero(~low[kept:])[::-1]
        rest[:, holes] = rest[:, movers]
        index[holes] = index[movers]
    return kept
