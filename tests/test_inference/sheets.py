"""Images whose pixels say which object they are, and who reads them."""

import numpy as np
from scipy.ndimage import find_objects

from dense_scene.visualization.dense_picture import PictureBoxes


def draw_sheet(boxes, size):
    """(H, W, 3): blue and green hold the number of the object, red its class.

    ``boxes`` are whole pixels; later ones lie above.
    """
    sheet = np.zeros((size[1], size[0], 3), np.uint8)
    for number, (x1, y1, x2, y2) in enumerate(boxes, 1):
        sheet[y1:y2, x1:x2] = number & 255, number >> 8, 0
    return sheet


class PerfectDetector:
    """Finds every visible object of a sheet, cut at the edge as it is.

    Pieces of less than ``least`` pixels are overlooked; ``jitter`` moves
    every side, as no model gives the same box twice.
    """

    classes = ('product',)

    def __init__(self, least=8, jitter=0.0):
        self.least, self.jitter = least, jitter
        self.random = np.random.default_rng(0)
        self.largest, self.calls = 0, []

    def __call__(self, images):
        self.calls.append(len(images))
        return [self.find(image) for image in images]

    def find(self, image):
        self.largest = max(self.largest, image[..., 0].size)
        numbers = image[..., 0].astype(np.int32)
        numbers += 256 * image[..., 1].astype(np.int32)
        spans = [part for part in find_objects(numbers) if part]
        boxes = np.array(
            [(x.start, y.start, x.stop, y.stop) for y, x in spans], float
        ).reshape(-1, 4)
        large = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= self.least
        boxes = boxes[large]
        boxes += self.random.uniform(-self.jitter, self.jitter, boxes.shape)
        limits = np.tile(image.shape[1::-1], 2)
        scores = self.random.uniform(0.6, 1, len(boxes))
        labels = np.zeros(len(boxes), int)
        return PictureBoxes(np.clip(boxes, 0, limits), labels, scores)


def shelf_of_products(size, rows, columns, seed=0):
    """(rows * columns, 4) products of random sizes, many of them touching."""
    random = np.random.default_rng(seed)
    pitch = np.array([size[0] // columns, size[1] // rows])
    boxes = []
    for row in range(rows):
        for column in range(columns):
            corner = np.array([column, row]) * pitch
            sides = (pitch * random.uniform(0.6, 1.0, 2)).astype(int)
            boxes.append([*corner, *(corner + sides)])
    return np.array(boxes)
