"""A small folder like SKU110K_fixed, and ways to break it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dense_scene.testing import tiny_sku110k


@pytest.fixture
def root(tmp_path) -> Path:
    """Two images in each split, 15 boxes each, all different, no fault."""
    folder = tiny_sku110k(tmp_path / 'SKU110K_fixed', num_images=2)
    rng = np.random.default_rng(0)
    for path in sorted((folder / 'images').iterdir()):
        # tiny_sku110k draws one picture per split and image; noise on top
        # makes every file's digest its own, and its JPEG data long.
        noise = rng.integers(0, 256, (128, 160, 3), np.uint8)
        cv2.imwrite(str(path), noise)
    return folder


@pytest.fixture
def add_row(root):
    """Append a row to train's CSV."""

    def add(row: str) -> None:
        path = root / 'annotations/annotations_train.csv'
        path.write_text(path.read_text() + row + '\n')

    return add
