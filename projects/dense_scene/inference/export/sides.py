"""Which sizes an exported graph takes, in pixels."""

import numpy as np

# Sides of the input are multiples of it, so that every level is whole, and at
# least three times as long: no level is one pixel wide, which torch.export
# would take for a side to be broadcast.
STRIDE, LEAST_STRIDES = 32, 3


def pad_image(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The inputs of an exported model.

    (H, W, 3) BGR to ``image``, (1, 3, H', W') float32 with sides that the
    graph takes, and ``size``, (2, ) float32, H and W.
    """
    size = image.shape[:2]
    sides = [max(LEAST_STRIDES, -(-n // STRIDE)) * STRIDE for n in size]
    pixels = np.zeros((1, 3, *sides), np.float32)
    pixels[0, :, : size[0], : size[1]] = image.transpose(2, 0, 1)
    return pixels, np.array(size, np.float32)
