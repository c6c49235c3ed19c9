"""Ground truth beside predictions, legible with hundreds of boxes."""

import cv2
import numpy as np

from ..utils.scores import reach
from .palette import BLUE, YELLOW, to_bgr

TRUTH_COLOR = to_bgr(YELLOW)
PREDICTION_COLOR = to_bgr(BLUE)
_HALO = (255, 255, 255)
# Panels smaller than this are enlarged: lines then hide less of an object.
_MIN_SIDE = 640
_CAPTION_HEIGHT = 28
_GAP = 8


def draw_boxes(
    image: np.ndarray,
    boxes: np.ndarray,
    color: tuple[int, int, int] | np.ndarray,
    thickness: np.ndarray | None = None,
) -> np.ndarray:
    """Outline boxes on a copy of the image, without text.

    A label on each of 150 touching objects hides all of them; the caption
    of :func:`draw_pair` gives the count instead.

    Args:
        image (np.ndarray): (H, W, 3), uint8, in any order of channels.
        boxes (np.ndarray): (N, 4), xyxy, pixels; N may be 0.
        color (tuple | np.ndarray): In the order of the image's channels, for
            all boxes or, (N, 3), for each. Later boxes lie above.
        thickness (np.ndarray, optional): (N,), line width in pixels. Defaults
            to None: one width, by the size of the image.
    """
    canvas = image.copy()
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 2, 2)
    corners = np.rint(corners).astype(int).tolist()
    if thickness is None:
        width = max(1, round(min(image.shape[:2]) / 400))
        thickness = np.full(len(corners), width)
    widths = np.asarray(thickness, int).tolist()
    colors = np.broadcast_to(color, (len(corners), 3)).tolist()
    # All halos first: that of one box must not cut the line of the next.
    for (start, end), width in zip(corners, widths):
        cv2.rectangle(canvas, start, end, _HALO, width + 2)
    for (start, end), width, line in zip(corners, widths, colors):
        cv2.rectangle(canvas, start, end, line, width)
    return canvas


def _captioned(image: np.ndarray, text: str) -> np.ndarray:
    bar = np.full((_CAPTION_HEIGHT, image.shape[1], 3), 255, np.uint8)
    font = dict(fontFace=cv2.FONT_HERSHEY_SIMPLEX, fontScale=0.5)
    cv2.putText(
        bar, text, (6, 20), **font, color=(0, 0, 0), lineType=cv2.LINE_AA
    )
    return np.concatenate([bar, image])


def draw_pair(
    image: np.ndarray,
    truth: np.ndarray,
    predictions: np.ndarray,
    score_thr: float,
) -> np.ndarray:
    """Two panels, ground truth left and predictions right, with counts.

    Images under 640 pixels are enlarged by a whole factor.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR.
        truth (np.ndarray): (N, 4), xyxy, pixels.
        predictions (np.ndarray): (M, 5), xyxy, pixels, and score in [0, 1].
        score_thr (float): Predictions below it are not drawn or counted.

    Returns:
        np.ndarray: (f H + caption, 2 f W + gap, 3), uint8, BGR.
    """
    factor = max(1, round(_MIN_SIDE / min(image.shape[:2])))
    image = cv2.resize(
        image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC
    )
    predictions = np.asarray(predictions).reshape(-1, 5)
    shown = predictions[reach(predictions[:, 4], score_thr), :4]
    left = _captioned(
        draw_boxes(image, np.asarray(truth) * factor, TRUTH_COLOR),
        f'ground truth: {len(truth)} objects',
    )
    right = _captioned(
        draw_boxes(image, shown * factor, PREDICTION_COLOR),
        f'predicted: {len(shown)} (score >= {score_thr:g})',
    )
    gap = np.full((left.shape[0], _GAP, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)
