"""The eight orientations that EXIF knows."""

import cv2
import numpy as np

# What brings the stored rows and columns upright, by the value of the tag.
_UPRIGHT = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.transpose(cv2.rotate(image, cv2.ROTATE_180)),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def apply_orientation(image: np.ndarray, orientation: int) -> np.ndarray:
    """Bring an image upright, as ``PIL.ImageOps.exif_transpose`` does.

    Source: EXIF 2.32 (CIPA DC-008), tag 0x0112, "Orientation".

    Args:
        image (np.ndarray): (H, W) or (H, W, C), as stored in the file.
        orientation (int): Value of the tag. Values other than 1 to 8 have no
            meaning and count as 1, upright.

    Returns:
        np.ndarray: The upright image, (W, H) or (W, H, C) from 5 on; the
        same array where nothing is to do.
    """
    upright = _UPRIGHT.get(orientation)
    return image if upright is None else upright(image)


def swaps_sides(orientation: int) -> bool:
    """Whether the upright image is as wide as the stored one is high."""
    return 5 <= orientation <= 8
