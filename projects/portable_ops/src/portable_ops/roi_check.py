"""What must hold for RoIs, checked where checking costs nothing."""

from torch import Tensor


def check_rois(rois: Tensor, num_images: int, aligned: bool) -> None:
    """Refuse RoIs that no kernel could sample.

    Only on the CPU: on CUDA the answer would have to be waited for.

    Args:
        rois: (R, 5), image index and xyxy box.
        num_images: Size of the batch.
        aligned: Without it RoIs are widened to a pixel and any size will do.

    Raises:
        ValueError: Names the first offending RoI.
    """
    if rois.is_cuda or len(rois) == 0:
        return
    index = rois[:, 0]
    missing = ~((index >= 0) & (index < num_images))
    if missing.any():
        row = int(missing.nonzero()[0])
        raise ValueError(
            f'rois[:, 0] must be an image index in [0, {num_images}), but '
            f'RoI {row} is {rois[row].tolist()}. Number the RoIs by their '
            'image in the batch.'
        )
    negative = (rois[:, 3:] < rois[:, 1:3]).any(1)
    if aligned and negative.any():
        row = int(negative.nonzero()[0])
        raise ValueError(
            'rois must have x2 >= x1 and y2 >= y1 when aligned=True, but RoI '
            f'{row} is {rois[row].tolist()}. Drop or clip such boxes first.'
        )
