"""What the tests of the operations share."""

import numpy as np

from dense_scene.datasets.transforms.auto_augment.canvas import Canvas
from dense_scene.datasets.transforms.auto_augment.steps import (
    Step,
    apply_steps,
)


def run(image, boxes, *steps, seed=0, scale=(1, 1)):
    """Carry steps out, given as (name, prob, level); the canvas after it.

    ``scale`` is the image's size over that of the photo, whose pixels the
    boxes are in.
    """
    photo = tuple(np.divide(image.shape[1::-1], scale))
    canvas = Canvas(image, boxes, photo)
    apply_steps(canvas, [Step(*s) for s in steps], np.random.default_rng(seed))
    return canvas


def noise(height, width, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), np.uint8)
