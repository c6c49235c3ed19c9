"""mmengine's Runner, for debugging and for imports of one's own."""

import copy
from typing import Any

from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from torch.utils.data import DataLoader


@RUNNERS.register_module()
class DenseRunner(Runner):
    """The stock runner with loaders that are never empty.

    A config names it by its whole path, which mmengine imports: so this
    package is there even if a child's own ``custom_imports`` took the place
    of ours. Differs from ``mmengine.Runner`` in :meth:`build_dataloader`.

    Example:
        >>> runner_type = 'dense_scene.engine.dense_runner.DenseRunner'
    """

    @staticmethod
    def build_dataloader(
        dataloader: DataLoader | dict,
        seed: int | None = None,
        diff_rank_seed: bool = False,
    ) -> DataLoader:
        """As in ``Runner``, with two cases that stop there.

        ``num_workers=0`` makes ``persistent_workers`` meaningless instead of
        an error; a loader without a batch is refused with the reason, since
        the learning rate's schedule would fail first.
        """
        if isinstance(dataloader, dict) and not dataloader.get('num_workers'):
            dataloader = copy.deepcopy(dataloader)
            dataloader.pop('persistent_workers', None)
            dataloader.pop('prefetch_factor', None)
        loader = Runner.build_dataloader(dataloader, seed, diff_rank_seed)
        if not len(loader):
            raise ValueError(_why_empty(loader))
        return loader


def _why_empty(loader: Any) -> str:
    dataset = loader.dataset
    source = getattr(dataset, 'ann_file', type(dataset).__name__)
    batch = loader.batch_size or loader.batch_sampler.batch_size
    return (
        f'{source} must give at least one batch, but has {len(dataset)} '
        f'images for batches of {batch}. Correct its ann_file, filter_cfg '
        'or indices, or set drop_last=False.'
    )
