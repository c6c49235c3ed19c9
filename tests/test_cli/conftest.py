"""Files that several commands read."""

import json

import cv2
import numpy as np
import pytest

from dense_scene.evaluation.stored.detection_file import save_detections

from ..test_evaluation.scenes import random_scene, read


@pytest.fixture
def files(tmp_path):
    """Ground truth, images and two results, b without its best half."""
    truth, found = random_scene(0)
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    (tmp_path / 'a.json').write_text(json.dumps(found))
    found = [item for item in found if item['score'] < 0.5]
    save_detections(tmp_path / 'b.npz', read(truth, found)[1])
    for image in truth['images']:
        picture = np.full((400, 500, 3), 90, np.uint8)
        cv2.imwrite(str(tmp_path / image['file_name']), picture)
    return tmp_path
