"""Parts of an evaluation that fit into memory."""

import numpy as np
import pytest

from dense_scene.evaluation.tables.coco_parts import split_coco
from tests.test_evaluation.scenes import random_scene, read


@pytest.mark.parametrize('num_images', [1, 3, 100, None])
@pytest.mark.parametrize('num_pairs', [0, 40, 1 << 62])
def test_parts_are_whole_images_within_both_limits(num_images, num_pairs):
    truth, found = read(*random_scene(0))
    parts = list(split_coco(truth, found, num_images, num_pairs))
    images = [image['id'] for part in parts for image in part.images]
    assert images == list(range(len(truth.columns)))
    rows = np.concatenate([part.rows for part in parts])
    assert sorted(rows.tolist()) == list(range(len(found)))
    for part in parts:
        some = range(part.images[0]['id'], part.images[-1]['id'] + 1)
        objects = np.bincount(part.objects[1] - some[0], minlength=len(some))
        places = part.detections[:, 0].astype(int) - some[0]
        detections = np.bincount(places, minlength=len(some))
        fits = (objects * detections).sum() <= num_pairs
        fits &= len(some) <= (num_images or 100)
        assert fits or len(some) == 1
