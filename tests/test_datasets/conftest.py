"""Small data sets on disk, and the log of mmengine."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

# Height 40, width 60 in all of them. Rows of train_1 do not lie together.
CSV = (
    'train_1.jpg,10,10,30,30,object,60,40\n'
    'train_2.jpg,0,0,60,40,object,60,40\n'
    'train_1.jpg,40,5,70,20,object,60,40\n'  # reaches out of the image
    'train_1.jpg,61,5,70,20,object,60,40\n'  # lies outside of it
    'train_3.jpg,5,5,5,20,object,60,40\n'
)  # has no width


@pytest.fixture(autouse=True)
def scope():
    """Build pipelines from mmdet's registries, as the Runner does."""
    init_default_scope('mmdet')


@pytest.fixture
def sku_root(tmp_path) -> Path:
    """A folder laid out like SKU110K_fixed, with three images."""
    root = tmp_path / 'SKU110K_fixed'
    (root / 'annotations').mkdir(parents=True)
    (root / 'images').mkdir()
    (root / 'annotations/annotations_train.csv').write_text(CSV)
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    for number in (1, 2, 3):
        cv2.imwrite(str(root / f'images/train_{number}.jpg'), noise)
    return root


@pytest.fixture
def log(caplog):
    """What mmengine's logger was given; ``log.text`` is all of it."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.fixture
def truncate():
    """Cut the end of a file off, as an interrupted copy does."""

    def cut(path: Path) -> Path:
        path.write_bytes(path.read_bytes()[:-100])
        return path

    return cut
