"""The image and the boxes that a sub-policy works on."""

import numpy as np

from .affine import clip_boxes, move_boxes
from .image_color import (
    count_levels,
    map_levels,
    mean_luma,
    mean_luma_of_levels,
)

_IDENTITY = np.tile(np.arange(256, dtype=np.uint8), (3, 1))


class Canvas:
    """An image with its boxes, changed by one operation after another.

    Lookup tables are not applied at once but joined, and applied together
    when an operation needs the pixels. The given image is never written to.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR.
        boxes (np.ndarray): (N, 4), xyxy, pixels.
        pixel_scale (tuple[float, float]): Width and height of ``image`` over
            those of the photo that it was made from. Defaults to (1, 1).

    Attributes:
        boxes (np.ndarray): (M, 4), float64, those that are still there.
        kept (np.ndarray): (M,), int64, their rows among the given ones.
        matrix (np.ndarray): (3, 3), float64, from old to new positions.
        moved (bool): Whether pixels have moved; the matrix does not tell, as
            moves can cancel after they pushed boxes out.
    """

    def __init__(
        self,
        image: np.ndarray,
        boxes: np.ndarray,
        pixel_scale: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        self.kept = np.arange(len(self.boxes))
        self.matrix = np.eye(3)
        self.moved = False
        self.pixel_scale = pixel_scale
        self._image = np.ascontiguousarray(image)
        self._owned = False
        self._tables: np.ndarray | None = None
        self._counts: np.ndarray | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self._image.shape[1::-1]

    @property
    def image(self) -> np.ndarray:
        """The pixels as they are now; to be read only."""
        if self._tables is not None:
            tables, self._tables = self._tables, None
            if (tables != _IDENTITY).any():
                # Fresh memory costs as much as looking the values up.
                out = self._image if self._owned else None
                self.replace(map_levels(self._image, tables, out))
        return self._image

    def replace(self, image: np.ndarray) -> None:
        """Take a new image of the same size, which nobody else uses."""
        self._image, self._owned = image, True
        self._tables = self._counts = None

    def writable(self) -> np.ndarray:
        """The pixels, to be changed in place."""
        image = self.image
        self.replace(image if self._owned else image.copy())
        return self._image

    def map_levels(self, tables: np.ndarray) -> None:
        """Change every value to its entry in (256,) or (3, 256) tables."""
        tables = np.broadcast_to(tables, (3, 256))
        if self._tables is not None:
            tables = np.take_along_axis(tables, self._tables.astype(int), 1)
        self._tables = tables

    def count_levels(self) -> np.ndarray:
        """Histograms of the channels, (3, 256) int64."""
        if self._counts is None:
            self._counts = count_levels(self._image)
        if self._tables is None:
            return self._counts
        return np.stack(
            [
                np.bincount(table, counts, 256)
                for table, counts in zip(self._tables, self._counts)
            ]
        ).astype(np.int64)

    def mean_luma(self) -> float:
        """Mean of the grey image."""
        if self._tables is None and self._counts is None:
            return mean_luma(self._image)  # faster than the histograms
        return mean_luma_of_levels(self.count_levels())

    def move(self, image: np.ndarray, matrix: np.ndarray) -> None:
        """Take the moved image, and move the boxes alike.

        Args:
            image (np.ndarray): Of the same size.
            matrix (np.ndarray): (3, 3), as in :mod:`functional.affine`.
        """
        self.replace(image)
        self.matrix = matrix @ self.matrix
        self.moved = True
        boxes, inside = clip_boxes(move_boxes(self.boxes, matrix), *self.size)
        self.boxes, self.kept = boxes[inside], self.kept[inside]

    def crops(self) -> np.ndarray:
        """The pixels whose centres lie in each box, (M, 4) int64 xyxy."""
        # A box that ends at 7.5 or before leaves out the pixel 7 to 8.
        edges = np.ceil(self.boxes - 0.5)
        limit = np.tile(self.size, 2)
        return np.clip(edges, 0, limit).astype(np.int64)
