"""How well the anchors of a feature pyramid can cover objects."""

from typing import NamedTuple

import numpy as np

# Boxes at a time, so that temporary arrays stay in a core's cache.
_CHUNK = 2**13


class AnchorShapes(NamedTuple):
    """The anchors at one location of every level, as mmdet makes them.

    Source: ``mmdet.AnchorGenerator`` with ``base_sizes`` left at the strides
    and ``center_offset`` at 0: at stride t, scale s and ratio r (height over
    width) an anchor is s t / sqrt(r) wide and s t sqrt(r) high, in pixels.
    """

    scales: tuple[float, ...]
    ratios: tuple[float, ...]
    strides: tuple[int, ...] = (4, 8, 16, 32, 64)

    @property
    def per_location(self) -> int:
        """Anchors at each location of a feature map."""
        return len(self.scales) * len(self.ratios)

    def sizes(self) -> np.ndarray:
        """Widths and heights, (levels, ratios, scales, 2) float64."""
        side = np.outer(self.strides, self.scales)[:, None, :]
        root = np.sqrt(self.ratios)[:, None]
        return np.stack((side / root, side * root), axis=-1)


def best_anchor_iou(
    boxes: np.ndarray,
    image_sizes: np.ndarray,
    anchors: AnchorShapes,
    allowed_border: int = -1,
    pad_divisor: int = 32,
) -> tuple[np.ndarray, np.ndarray]:
    """The IoU of each object with the best anchor of its image's whole grid.

    Exact, and linear in the objects: of the anchors of one shape on one level
    the best is the one whose center is nearest, in x and in y apart. For the
    overlap along an axis is min(a, b, max(0, (a + b) / 2 - distance)), which
    never grows with the distance of the centers, and the IoU never falls
    with the overlap.

    Args:
        boxes (np.ndarray): (N, 4), xyxy, pixels of the resized image. A box
            without area has IoU 0 with everything.
        image_sizes (np.ndarray): (N, 2), height and width of the resized
            image of each box, before padding.
        anchors (AnchorShapes): K shapes per level.
        allowed_border (int): As in ``train_cfg.rpn``: how many pixels an
            anchor may reach out of the image; negative for any number.
            Defaults to -1.
        pad_divisor (int): Images are padded to a multiple of it on the right
            and at the bottom; the padding has anchors. Defaults to 32.

    Returns:
        tuple[np.ndarray, np.ndarray]: (N,) float64, the IoU, and (N,) int64,
        the first shape that gives it: an index into the first three axes of
        ``anchors.sizes()``, flat; 0 where the IoU is 0.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    image_sizes = np.asarray(image_sizes, np.float64).reshape(-1, 2)
    best, shape = np.zeros(len(boxes)), np.zeros(len(boxes), np.int64)
    sizes = anchors.sizes().reshape(len(anchors.strides), -1, 2)
    for start in range(0, len(boxes), _CHUNK):
        rows = slice(start, start + _CHUNK)
        grid = _Grid(
            boxes[rows], image_sizes[rows], allowed_border, pad_divisor
        )
        for level, stride in enumerate(anchors.strides):
            iou = grid.best_iou(stride, sizes[level])
            better = iou.max(axis=0) > best[rows]
            best[rows][better] = iou[:, better].max(axis=0)
            first = level * sizes.shape[1]
            shape[rows][better] = first + iou[:, better].argmax(axis=0)
    return best, shape


class _Grid:
    """Some objects and the anchor grids of their images, x before y."""

    def __init__(
        self,
        boxes: np.ndarray,
        image_sizes: np.ndarray,
        allowed_border: int,
        pad_divisor: int,
    ) -> None:
        # (2, n) arrays: each axis lies together in memory.
        self.centers = ((boxes[:, :2] + boxes[:, 2:]) / 2).T.copy()
        self.sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).T.copy()
        self.areas = self.sides[0] * self.sides[1]
        self.limits = image_sizes[:, ::-1].T.copy()
        self.padded = np.ceil(self.limits / pad_divisor) * pad_divisor
        self.border = allowed_border

    def best_iou(self, stride: int, sizes: np.ndarray) -> np.ndarray:
        """(K, n), with the nearest anchor of each of (K, 2) sizes."""
        common = self._overlap(0, stride, sizes[:, :1])
        common *= self._overlap(1, stride, sizes[:, 1:])
        union = self.areas + sizes.prod(axis=1)[:, None]
        union -= common
        # A box without area overlaps nothing, and the union is an anchor's.
        return np.divide(common, union, out=common)

    def _overlap(
        self, axis: int, stride: int, lengths: np.ndarray
    ) -> np.ndarray:
        """(K, n), pixels in common along an axis with lengths (K, 1)."""
        center, side = self.centers[axis], self.sides[axis]
        last = np.ceil(self.padded[axis] / stride) - 1
        first = 0
        if self.border >= 0:
            # first * stride - length / 2 >= -border, and at the other end
            # last * stride + length / 2 < limit + border.
            reach = lengths / 2 - self.border
            first = np.maximum(0, np.ceil(reach / stride))
            end = np.ceil((self.limits[axis] - reach) / stride)
            last = np.minimum(last, end - 1)
        nearest = np.clip(np.rint(center / stride), first, last) * stride
        overlap = (side + lengths) / 2
        overlap -= np.abs(center - nearest)
        overlap = np.clip(overlap, 0, np.minimum(side, lengths), out=overlap)
        if self.border >= 0:
            overlap[last < first] = 0
        return overlap
