"""Epochs of a length of one's own."""

from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from ..utils import checks


def epoch_indices(length: int, size: int, epoch: int, seed: int) -> list[int]:
    """The images of an epoch: a piece of endless reshuffled passes.

    Pass k is a permutation of the seed and k, so each image comes once in
    each pass, however many epochs a pass has or passes an epoch.
    """
    first, last = epoch * size, (epoch + 1) * size
    indices: list[int] = []
    for number in range(first // length, (last - 1) // length + 1):
        generator = torch.Generator().manual_seed(seed + number)
        indices += torch.randperm(length, generator=generator).tolist()
    skipped = first - first // length * length
    return indices[skipped : skipped + size]


@DATA_SAMPLERS.register_module()
class EpochLengthSampler(Sampler):
    """A shuffling sampler whose epoch has a given number of images.

    Schedules and hooks count epochs; with this a training of any number of
    iterations keeps them as they are. Differs from mmengine's
    ``DefaultSampler`` in the length of an epoch. An epoch is the same however
    it is reached, so resuming changes nothing.

    Args:
        dataset (Sized): Of which images are drawn.
        size (int): Images of an epoch, of all ranks together; each rank gets
            its part, rounded down, so it must be at least their number.
        seed (int, optional): Equal on all ranks. Defaults to None: agreed on.
    """

    def __init__(
        self, dataset: Sized, size: int, seed: int | None = None
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.size = checks.integer('size', size, self.world_size)
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0

    def __iter__(self) -> Iterator[int]:
        # An empty data set is refused by the runner, by name.
        length = max(1, len(self.dataset))
        indices = epoch_indices(length, self.size, self.epoch, self.seed)
        whole = len(self) * self.world_size
        return iter(indices[self.rank : whole : self.world_size])

    def __len__(self) -> int:
        return self.size // self.world_size if len(self.dataset) else 0

    def set_epoch(self, epoch: int) -> None:
        """Called by mmengine before each epoch."""
        self.epoch = epoch
