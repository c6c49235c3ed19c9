"""What the crops for dense scenes have in common."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.structures.bbox import autocast_box_type

from ....utils import checks
from ..sample_boxes import keep_rows, record_move, require_boxes_alone

# What mmdet's preprocessors subtract, BGR: the network sees zeros.
MEAN_COLOR = (104, 116, 124)


def visible_fraction(boxes: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """The share of every (N, 4) box's area within every (T, 4) window.

    (T, N) float64, exactly 1 for a box that lies within the window, edges
    included; 0 for a box without area.

    Example:
        >>> # A window over the right quarter of a box of 8 x 5
        >>> visible_fraction(
        ...     np.array([[0, 0, 8, 5]]), np.array([[6, 0, 20, 20]])
        ... )
        array([[0.25]])
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    windows = np.asarray(windows, np.float64).reshape(-1, 1, 4)
    low = np.maximum(boxes[:, :2], windows[..., :2])
    high = np.minimum(boxes[:, 2:], windows[..., 2:])
    seen = np.clip(high - low, 0, None).prod(axis=2)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    return np.divide(seen, areas, out=np.zeros_like(seen), where=areas > 0)


class WindowCrop(BaseTransform):
    """The base of crops with a stated rule for the objects they cut.

    A subclass chooses the window in :meth:`choose_window`. Of every object
    the share v of its area within the window (and the image) decides:

    - v >= ``min_visible``: kept, its box clipped to the window.
    - 0 < v < ``min_visible``: cut off. What becomes of it says ``cut``.
    - v = 0: dropped.

    An object that was to be ignored already stays so, clipped, where v > 0.

    Args:
        min_visible (float): In (0, 1]. 1 keeps whole objects only. Defaults
            to 0.25, as in DenseDet (arXiv 2007.11946).
        cut (str): What happens to objects that are cut off. ``'ignore'``:
            their clipped boxes stay with ``gt_ignore_flags`` set; they are
            left out of the loss if the assigners have ``ignore_iof_thr`` set
            to 0.5, say (with mmdet's default, -1, they are background).
            ``'background'``: the boxes are dropped, the pixels stay, as in
            both papers. ``'fill'``: the boxes are dropped and their pixels
            painted with the mean color, but for those within a box that
            stays. Defaults to 'ignore'.
        allow_negative (bool): Whether a window without any kept object (with
            ignored ones at most) may be given. mmdet's assigners take
            everything for background where no object is kept, ignored
            objects too. Defaults to False.

    Shape:
        Reads ``img``, (H, W) or (H, W, C), ``gt_bboxes``, (N, 4) xyxy in
        pixels of ``img``, ``gt_bboxes_labels`` and, if there,
        ``gt_ignore_flags`` and ``gt_instances_ids``. Changes these,
        ``img_shape`` and ``homography_matrix``, as mmdet's crops do. Returns
        None where there is no window with a kept object, upon which mmengine's
        data sets draw another image (in test mode they raise).
    """

    def __init__(
        self,
        min_visible: float = 0.25,
        cut: str = 'ignore',
        allow_negative: bool = False,
    ) -> None:
        self.min_visible = checks.number('min_visible', min_visible, '(0, 1]')
        self.cut = checks.choice('cut', cut, ('ignore', 'background', 'fill'))
        self.allow_negative = allow_negative

    def choose_window(
        self, boxes: np.ndarray, counts: np.ndarray, size: tuple[int, int]
    ) -> np.ndarray | None:
        """Draw the window of this sample, (4,) int xyxy; None for none.

        Args:
            boxes: (N, 4) float64, xyxy, clipped to the image.
            counts: (N,) bool, False for ignored objects.
            size: Width and height of the image.
        """
        raise NotImplementedError

    @autocast_box_type()
    def transform(self, results: dict) -> dict | None:
        """Cut the sample; None where no window is good."""
        name = type(self).__name__
        if results.get('gt_bboxes') is None:
            raise ValueError(f'{name} must come after LoadAnnotations.')
        require_boxes_alone(results, name)
        height, width = results['img'].shape[:2]
        boxes = results['gt_bboxes'].tensor.numpy().astype(np.float64)
        boxes = boxes.clip(0, [width, height, width, height])
        ignored = results.get('gt_ignore_flags')
        if ignored is None:
            ignored = np.zeros(len(boxes), bool)
        ignored = np.asarray(ignored, bool)
        window = self.choose_window(boxes, ~ignored, (width, height))
        if window is None:
            return None
        self._apply(results, boxes, ignored, window)
        return results

    def has_object(
        self, boxes: np.ndarray, counts: np.ndarray, windows: np.ndarray
    ) -> np.ndarray:
        """Which of the (T, 4) windows may be given, (T,) bool."""
        if self.allow_negative:
            return np.ones(len(windows), bool)
        seen = visible_fraction(boxes[counts], windows)
        return (seen >= self.min_visible).any(axis=1)

    def _apply(
        self,
        results: dict,
        boxes: np.ndarray,
        ignored: np.ndarray,
        window: np.ndarray,
    ) -> None:
        x1, y1, x2, y2 = window.tolist()
        seen = visible_fraction(boxes, window)[0]
        cut_off = ~ignored & (seen > 0) & (seen < self.min_visible)
        stays = seen > 0 if self.cut == 'ignore' else (seen > 0) & ~cut_off
        image = results['img'][y1:y2, x1:x2]
        if self.cut == 'fill' and cut_off.any():
            shift = np.array([x1, y1, x1, y1])
            image = _paint(image, boxes[cut_off] - shift, boxes[stays] - shift)
        results['img'] = image
        results['img_shape'] = image.shape[:2]
        # Indexing copies, so that boxes held elsewhere are not moved.
        kept = results['gt_bboxes'][stays]
        kept.translate_([-x1, -y1])
        kept.clip_(image.shape[:2])
        results['gt_bboxes'] = kept
        if self.cut == 'ignore' or 'gt_ignore_flags' in results:
            results['gt_ignore_flags'] = ignored | cut_off
        keep_rows(results, stays)
        record_move(
            results, np.array([[1, 0, -x1], [0, 1, -y1], [0, 0, 1]], 'f4')
        )

    def __repr__(self) -> str:
        options = (f'{name}={value!r}' for name, value in vars(self).items())
        return f'{type(self).__name__}({", ".join(options)})'


def _paint(
    image: np.ndarray, gone: np.ndarray, kept: np.ndarray
) -> np.ndarray:
    """A copy with the pixels of some boxes painted, not those of others."""
    mask = np.zeros(image.shape[:2], bool)
    for boxes, value in ((gone, True), (kept, False)):
        # Every pixel that a box touches.
        low = np.floor(boxes[:, :2]).astype(int).clip(0)
        high = np.ceil(boxes[:, 2:]).astype(int).clip(0)
        for (x1, y1), (x2, y2) in zip(low, high):
            mask[y1:y2, x1:x2] = value
    color = np.array(MEAN_COLOR)
    image = image.copy()
    image[mask] = color if image.shape[2:] == (3,) else color.mean()
    return image
