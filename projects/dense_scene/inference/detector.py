"""What prediction needs of a model."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..visualization.dense_picture import PictureBoxes


class Detector(Protocol):
    """Images in, boxes out; ``loader`` and ``full_side`` may be there too."""

    classes: Sequence[str]

    def __call__(self, images: Sequence[np.ndarray]) -> list[PictureBoxes]:
        """Boxes of (H, W, 3) uint8 BGR images, xyxy in their pixels.

        An OSError says that they do not fit into the memory, a ValueError
        that one of them cannot be looked at.
        """
