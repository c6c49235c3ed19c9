"""Draw samples so that no object and no range of IoU is passed over."""

import torch
from torch import Tensor

# How what is left of the quota is filled once every object has its minimum.
FILLS = ('iou', 'random')


def sample_positives(
    objects: Tensor,
    ious: Tensor,
    quota: int,
    limit: int,
    min_per_object: int = 1,
    fill: str = 'iou',
    copies: Tensor | None = None,
) -> Tensor:
    """Draw positives in rounds: one for every object, then a second, ...

    A round gives each object one more of its candidates, drawn at random,
    until it has ``min_per_object`` or no more; then the rest of the quota is
    filled. A quota below what the rounds need is raised to it, at most to
    ``limit``; if that is reached within a round, it is chance which objects
    had their turn. Copies of the ground truth come last, within an object
    and in the filling: they are perfect, and so teach a box regressor
    nothing, but serve an object that has nothing else.

    Random numbers come from torch's global CPU generator, so that a seed
    draws the same on every device.

    Args:
        objects (Tensor): (P,) integer, the object of each candidate, any
            numbering.
        ious (Tensor): (P,) floating, IoU of each with its object.
        quota (int): How many are wanted.
        limit (int): The most that the raised quota may be.
        min_per_object (int): Number of rounds. Defaults to 1.
        fill (str): 'iou': the remaining candidates by falling IoU, equal
            ones at random. 'random': all alike. Defaults to 'iou'.
        copies (Tensor, optional): (P,) bool, which candidates are copies of
            their object. Defaults to none.

    Returns:
        Tensor: (n,) int64 positions of the chosen, none twice, in no
        particular order; n is P or the (raised) quota, whichever is less.

    Example:
        >>> # object 7 has four candidates, object 9 has one, with less IoU
        >>> objects = torch.tensor([7, 7, 7, 7, 9])
        >>> ious = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5])
        >>> chosen = sample_positives(objects, ious, quota=2, limit=5)
        >>> objects[chosen].sort().values
        tensor([7, 9])
    """
    needed = positives_needed(objects, min_per_object)
    quota = min(limit, max(quota, needed))
    if len(objects) <= quota:
        return torch.arange(len(objects), device=objects.device)
    order = _shuffle(objects)
    if copies is None:
        copies = torch.zeros_like(objects, dtype=torch.bool)
    order = _sort(order, copies.byte())
    turn = _turns(objects, order).clamp(max=min_per_object)
    worth = torch.zeros_like(ious) if fill == 'random' else ious
    worth = worth.masked_fill(copies, -1)
    # In the rounds chance decides alone; a poor fit is not put off.
    worth = worth.masked_fill(turn < min_per_object, 0)
    # Drawn anew: the first of many candidates stands early in `order`, so
    # that a cut through a round would favor objects that have many.
    order = _sort(_shuffle(objects), -worth)
    return _sort(order, turn)[:quota]


def positives_needed(objects: Tensor, min_per_object: int = 1) -> int:
    """How many give each of (P,) objects its minimum, or all that it has."""
    counts = objects.unique(return_counts=True)[1]
    return int(counts.clamp(max=min_per_object).sum())


def sample_over_ious(ious: Tensor, quota: int, num_bins: int = 3) -> Tensor:
    r"""Draw negatives evenly from bins of IoU: hard ones are not passed over.

    Source: IoU-balanced sampling, Eq. (1) and (2) of `Libra R-CNN
    <https://arxiv.org/abs/1904.02701>`_. Of N wanted samples a candidate is
    drawn at random with probability :math:`p = N / M`; with K bins, one that
    is among the :math:`M_k` candidates of its bin with

    .. math:: p_k = \frac{N}{K} \frac{1}{M_k}

    The bins are equally wide and go from 0 to the largest IoU among the
    candidates. What a bin has too few for is split evenly among the others
    (the paper leaves this open). Random numbers as in
    :func:`sample_positives`.

    Args:
        ious (Tensor): (M,) floating, largest IoU of each candidate with any
            object. NaN counts as 0.
        quota (int): N.
        num_bins (int): K; 1 draws at random. Defaults to 3.

    Returns:
        Tensor: (min(M, N),) int64 positions of the chosen, none twice, in
        no particular order.

    Example:
        >>> # 98 candidates of IoU 0, one in each of the other two bins
        >>> ious = torch.cat([torch.zeros(98), torch.tensor([0.2, 0.3])])
        >>> chosen = sample_over_ious(ious, quota=10)
        >>> sorted(ious[chosen].tolist())[-3:]
        [0.0, 0.20000000298023224, 0.30000001192092896]
    """
    if len(ious) <= quota:
        return torch.arange(len(ious), device=ious.device)
    ious = ious.float().nan_to_num(nan=0)
    # A small number keeps 0 / 0 out where no candidate overlaps; not the
    # smallest, a third of which is 0 where denormals are flushed.
    width = ious.max().clamp(min=1e-30) / num_bins
    bins = (ious / width).clamp(0, num_bins - 1).long()
    order = _shuffle(bins)
    shuffled = bins[order]
    # No bin gets more turns than the quota. To sort all the negatives of an
    # RPN, 200,000 and more, would take three times as long as this.
    order = torch.cat([order[shuffled == b][:quota] for b in range(num_bins)])
    turn = _turns(bins[order], torch.arange(len(order), device=bins.device))
    # Drawn anew, for the last turn that is not given to every bin.
    again = _shuffle(order)
    return order[_sort(again, turn)[:quota]]


def _shuffle(like: Tensor) -> Tensor:
    """(n,) all positions in random order, drawn on the CPU."""
    return torch.randperm(len(like)).to(like.device)


def _sort(order: Tensor, key: Tensor) -> Tensor:
    """Positions by rising key; equal keys stay in order."""
    return order[key[order].argsort(stable=True)]


def _turns(groups: Tensor, order: Tensor) -> Tensor:
    """(n,) how many of the same group stand before each in ``order``."""
    order = _sort(order, groups)
    grouped = groups[order]
    place = torch.arange(len(order), device=order.device)
    turn = torch.empty_like(place)
    turn[order] = place - torch.searchsorted(grouped, grouped)
    return turn
