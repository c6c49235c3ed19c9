"""The camera in front of the rack: a plane-to-image homography."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """Where the camera stands, in pixels of the rack's front plane.

    The rack is drawn on a flat canvas (its front plane) and then seen
    through ``matrix``. A thing ``depth`` pixels behind the front plane is
    drawn on the canvas shrunk towards ``foot``; since both come from one
    camera center, the whole is a correct perspective.

    Attributes:
        size: Width and height of the image.
        canvas: Width and height of the canvas.
        focal: Distance from the camera to the front plane, canvas pixels.
        foot: Point of the canvas nearest to the camera (x, eye level).
        matrix: (3, 3) homography from canvas to image pixels.
    """

    size: tuple[int, int]
    canvas: tuple[int, int]
    focal: float
    foot: tuple[float, float]
    matrix: np.ndarray

    def shrink(self, depth: float) -> float:
        """Scale on the canvas of what stands ``depth`` behind it."""
        return self.focal / (self.focal + depth)


def project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (..., 2) through a homography (3, 3)."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    (sy, sp, sr), (cy, cp, cr) = (
        fn(np.radians([yaw, pitch, roll])) for fn in (np.sin, np.cos)
    )
    around_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    around_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    around_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return around_z @ around_x @ around_y


def aim_camera(rng: np.random.Generator, size: tuple[int, int]) -> Camera:
    """Draw a hand-held camera that looks at the rack, mildly askew.

    Yaw, pitch and roll are normal with 8, 4 and 1 degrees, cut at twice
    that; the eye level lies in the middle half of the image.
    """
    width, height = size
    focal = rng.uniform(1.2, 1.7) * max(size)
    angles = np.clip(rng.normal(size=3), -2, 2) * (8, 4, 1)
    lens = np.array(
        [
            [focal, 0, width / 2],
            [0, focal, height * rng.uniform(0.3, 0.65)],
            [0, 0, 1],
        ]
    )
    # Plane points are (x, y, focal): unturned, one canvas pixel is one
    # image pixel.
    to_image = lens @ _rotation(*angles) @ np.diag([1, 1, focal])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    seen = project(np.linalg.inv(to_image), corners.astype(float))
    low, high = np.floor(seen.min(0)) - 2, np.ceil(seen.max(0)) + 2
    shift = np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1]])
    extent = (high - low).astype(int)
    return Camera(
        size=(width, height),
        canvas=(int(extent[0]), int(extent[1])),
        focal=focal,
        foot=(-low[0], -low[1]),
        matrix=to_image @ shift,
    )
