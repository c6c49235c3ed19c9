"""What must hold for the numbers in RoIs."""

import torch
from torch import Tensor


def check_rois(rois: Tensor, num_images: int, aligned: bool) -> None:
    """Refuse RoIs that no kernel could sample.

    On CUDA, too, where a kernel would read beyond the maps: one wait for the
    device, as each level of mmdet's RoI extractor has several. Not while a
    CUDA graph is recorded, which allows none.

    Args:
        rois: (R, 5), image index and xyxy box.
        num_images: Size of the batch.
        aligned: Without it RoIs are widened to a pixel and any size will do.

    Raises:
        ValueError: Names the first offending RoI.
    """
    if len(rois) == 0:
        return
    if rois.device.type == 'cuda' and torch.cuda.is_current_stream_capturing():
        return
    index = rois[:, 0]
    missing = ~((index >= 0) & (index < num_images))
    negative = (rois[:, 3:] < rois[:, 1:3]).any(1) & aligned
    if not (missing | negative).any():
        return
    if missing.any():
        row = int(missing.nonzero()[0])
        raise ValueError(
            f'rois[:, 0] must be an image index in [0, {num_images}), but '
            f'RoI {row} is {rois[row].tolist()}. Number the RoIs by their '
            'image in the batch.'
        )
    row = int(negative.nonzero()[0])
    raise ValueError(
        'rois must have x2 >= x1 and y2 >= y1 when aligned=True, but RoI '
        f'{row} is {rois[row].tolist()}. Drop or clip such boxes first.'
    )
