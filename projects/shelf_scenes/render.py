"""Draws a planned scene and photographs it."""

import cv2
import numpy as np

from .furniture import draw_style, paint_rack, paint_rails, paint_wobblers
from .layout import plan_scene
from .photo import expose
from .request import check_objects, check_size
from .scene import Scene
from .stock import paint_products
from .surroundings import paint_above, paint_below


def render_shelf(
    seed: int | np.random.Generator | np.random.SeedSequence = 0,
    size: int | tuple[int, int] = 1024,
    objects: tuple[int, int] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Render one photograph of a supermarket shelf, with exact boxes.

    Written from scratch; there is no stock counterpart in mmdet. The same
    seed gives the same pixels on one version of NumPy and OpenCV.

    What is boxed: every product in front, whole, as SKU-110K does it. The
    box is the tight one around the product's silhouette as the camera sees
    it (a carton's front face), also where a neighbor, a price tag or
    another sign hides a part of it, clipped to the image. Products behind
    the front ones only show between and above them, in their shade, and
    have no box. None lies to more than half outside the image.

    Args:
        seed: Seed or generator that decides everything.
        size: Width and height in pixels, or one number for a square.
        objects: Fewest and most products; None draws the count, and the
            area they cover, from SKU-110K (see calibration.py), cut at
            what the size can show.

    Returns:
        The image, (H, W, 3) uint8 BGR, and the boxes, (N, 4) float32 xyxy
        in pixels, N >= 1, row by row from the top and left to right.

    Raises:
        TypeError, ValueError: If ``size`` or ``objects`` makes no sense.

    Example:
        >>> image, boxes = render_shelf(seed=1, size=512, objects=(30, 30))
        >>> image.shape, boxes.shape
        ((512, 512, 3), (30, 4))
    """
    size = check_size(size)
    objects = check_objects(objects, size)
    scene = plan_scene(np.random.default_rng(seed), size, objects)
    return draw_scene(scene), scene.boxes


def draw_scene(scene: Scene) -> np.ndarray:
    """Draw a planned scene: (H, W, 3) uint8 BGR."""
    rng = np.random.default_rng(scene.seed)
    style = draw_style(rng, scene)
    canvas = paint_rack(rng, scene, style)
    paint_products(rng, canvas, scene)
    paint_above(rng, canvas, scene, style)
    paint_below(rng, canvas, scene, style)
    paint_rails(rng, canvas, scene, style)
    paint_wobblers(rng, canvas, scene, style)
    return expose(rng, photograph(scene, canvas))


def photograph(scene: Scene, canvas: np.ndarray) -> np.ndarray:
    """See the flat canvas through the scene's camera."""
    # The plan puts pixel edges at integers, OpenCV pixel centers.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(shift) @ scene.camera.matrix @ shift
    return cv2.warpPerspective(
        canvas,
        matrix,
        scene.camera.size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
