"""Ground truth beside predictions, legible with hundreds of boxes."""

import cv2
import numpy as np

# BGR. Orange and blue stay apart for colour-blind readers too.
TRUTH_COLOUR = (0, 140, 255)
PREDICTION_COLOUR = (220, 110, 20)
_CAPTION_HEIGHT = 28
_GAP = 8


def draw_boxes(
    image: np.ndarray, boxes: np.ndarray, colour: tuple[int, int, int]
) -> np.ndarray:
    """Outline boxes on a copy of the image, without text.

    A label on each of 150 touching objects hides all of them; the caption
    of :func:`draw_pair` gives the count instead.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR.
        boxes (np.ndarray): (N, 4), xyxy, pixels; N may be 0.
        colour (tuple): BGR.

    Returns:
        np.ndarray: The drawing, (H, W, 3), uint8.
    """
    canvas = image.copy()
    thickness = max(1, round(min(image.shape[:2]) / 500))
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 2, 2)
    for (x1, y1), (x2, y2) in np.rint(corners).astype(int):
        cv2.rectangle(
            canvas, (int(x1), int(y1)), (int(x2), int(y2)), colour, thickness
        )
    return canvas


def _captioned(image: np.ndarray, text: str) -> np.ndarray:
    bar = np.full((_CAPTION_HEIGHT, image.shape[1], 3), 255, np.uint8)
    cv2.putText(
        bar, text, (6, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1,
        cv2.LINE_AA,
    )  # fmt: skip
    return np.concatenate([bar, image])


def draw_pair(
    image: np.ndarray,
    truth: np.ndarray,
    predictions: np.ndarray,
    score_thr: float,
) -> np.ndarray:
    """Two panels, ground truth left and predictions right, with counts.

    Args:
        image (np.ndarray): (H, W, 3), uint8, BGR.
        truth (np.ndarray): (N, 4), xyxy, pixels.
        predictions (np.ndarray): (M, 5), xyxy, pixels, and score in [0, 1].
        score_thr (float): Predictions below it are not drawn or counted.

    Returns:
        np.ndarray: (H + caption, 2 W + gap, 3), uint8, BGR.
    """
    predictions = np.asarray(predictions).reshape(-1, 5)
    shown = predictions[predictions[:, 4] >= score_thr, :4]
    left = _captioned(
        draw_boxes(image, truth, TRUTH_COLOUR),
        f'ground truth: {len(truth)} objects',
    )
    right = _captioned(
        draw_boxes(image, shown, PREDICTION_COLOUR),
        f'predicted: {len(shown)} (score >= {score_thr:g})',
    )
    gap = np.full((left.shape[0], _GAP, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)
