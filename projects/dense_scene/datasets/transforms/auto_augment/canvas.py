"""The image and the boxes that a sub-policy works on."""

import numpy as np

from ....utils.boxes import clip_boxes
from .affine import move_boxes
from .image_color import (
    count_levels,
    map_levels,
    mean_luma,
    mean_luma_of_levels,
)

_IDENTITY = np.tile(np.arange(256, dtype=np.uint8), (3, 1))


class Canvas:
    """An image with its boxes, changed by one operation after another.

    The image may show the photo reduced; boxes are in pixels of the photo all
    the same. Lookup tables are joined, and applied when an operation needs
    the pixels. The given image is never written to.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR.
        boxes (np.ndarray): (N, 4), xyxy, pixels of the photo.
        photo_size (tuple[float, float], optional): Width and height of the
            photo. Defaults to None: those of ``image``.

    Attributes:
        boxes (np.ndarray): (M, 4), float64, those that are still there.
        kept (np.ndarray): (M,), their rows among the given ones.
        matrix (np.ndarray): (3, 3), from old to new positions in the photo.
        moved (bool): Whether pixels have moved; the matrix does not tell, as
            moves can cancel after they pushed boxes out.
        pixel_scale (tuple[float, float]): Size of the image over that of the
            photo, horizontally and vertically.
    """

    def __init__(
        self,
        image: np.ndarray,
        boxes: np.ndarray,
        photo_size: tuple[float, float] | None = None,
    ) -> None:
        self.boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        self.kept = np.arange(len(self.boxes))
        self.matrix = np.eye(3)
        self.moved = False
        self._image = np.ascontiguousarray(image)
        self._owned = False
        self._tables: np.ndarray | None = None
        self._counts: np.ndarray | None = None
        self._photo_size = np.array(photo_size or self.size)
        self.pixel_scale = tuple((self.size / self._photo_size).tolist())

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image."""
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
        pairs = zip(self._tables, self._counts)
        counts = [np.bincount(new, old, 256) for new, old in pairs]
        return np.array(counts, np.int64)

    def mean_luma(self) -> float:
        """Mean of the gray image."""
        if self._tables is None and self._counts is None:
            return mean_luma(self._image)  # faster than the histograms
        return mean_luma_of_levels(self.count_levels())

    def move(self, image: np.ndarray, matrix: np.ndarray) -> None:
        """Take an image moved by a (3, 3) matrix, and move the boxes alike."""
        self.replace(image)
        self.moved = True
        # From pixels of the photo to those of the image, and back behind it.
        scale = np.array([*self.pixel_scale, 1])
        matrix = matrix * scale / scale[:, None]
        self.matrix = matrix @ self.matrix
        moved = move_boxes(self.boxes, matrix)
        boxes, inside = clip_boxes(moved, self._photo_size, min_side=0)
        self.boxes, self.kept = boxes[inside], self.kept[inside]

    def boxes_in_image(self) -> np.ndarray:
        """The boxes in pixels of the image, (M, 4) float64."""
        # Not by pixel_scale: a quotient of sides is rounded before it is used.
        return self.boxes * (self.size * 2) / np.tile(self._photo_size, 2)

    def crops(self) -> np.ndarray:
        """The pixels whose centers lie in each box, (M, 4) int64 xyxy."""
        # A box that ends at 7.5 or before leaves out the pixel 7 to 8.
        edges = np.ceil(self.boxes_in_image() - 0.5)
        return np.clip(edges, 0, self.size * 2).astype(np.int64)
