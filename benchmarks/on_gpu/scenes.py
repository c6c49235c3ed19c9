"""Full shelves as tensors: images of a detector's usual size."""

import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

SIZE = (800, 1333)  # height and width
# SKU-110K's mean, its most, and what larger photographs hold.
OBJECTS = (147, 576, 2000, 5000)


def make_objects(count: int, size: tuple[int, int]) -> Tensor:
    """(count, 4) xyxy: rows of touching upright products."""
    height, width = size
    generator = torch.Generator().manual_seed(0)
    columns = int((1.6 * count * width / height) ** 0.5) + 1
    cell = torch.tensor([width / columns, height / -(-count // columns)])
    index = torch.arange(count)
    low = torch.stack([index % columns, index // columns], 1) * cell
    low = low + 0.1 * cell * torch.rand(count, 2, generator=generator)
    extent = cell * (0.8 + 0.2 * torch.rand(count, 2, generator=generator))
    return torch.cat([low, low + extent], 1)


def make_batch(num: int, count: int, size: tuple[int, int] = SIZE) -> dict:
    """What a data loader gives: uint8 images and samples, on the CPU."""
    generator = torch.Generator().manual_seed(0)
    inputs, samples = [], []
    for _ in range(num):
        pixels = torch.randint(0, 256, (3, *size), generator=generator)
        inputs.append(pixels.byte())
        sample = DetDataSample(
            metainfo=dict(
                img_id=0,
                img_shape=size,
                ori_shape=size,
                scale_factor=(1.0, 1.0),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=make_objects(count, size),
            labels=torch.zeros(count, dtype=torch.long),
        )
        samples.append(sample)
    return dict(inputs=inputs, data_samples=samples)
