"""The bootstrap over images, of several seeds at once."""

import json

import numpy as np
import pytest

from dense_scene.ablation.comparison import image_bootstrap
from dense_scene.ablation.comparison.image_bootstrap import bootstrap_rows
from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from dense_scene.testing import tiny_coco


@pytest.fixture
def files(tmp_path):
    """Four images of six objects; a row that finds all and one, half."""
    ann_file = tiny_coco(tmp_path, num_images=4)
    truth = GroundTruth.from_coco(str(ann_file))
    paths = []
    for name, step in (('half', 2), ('half2', 2), ('all', 1), ('all2', 1)):
        rows = slice(None, None, step)
        count = len(truth.boxes[rows])
        found = Detections(
            truth.image_ids[rows],
            truth.boxes[rows],
            np.full(count, 0.9),
            truth.labels[rows],
        )
        meta = dict(classes=truth.classes)
        save_detections(tmp_path / f'{name}.npz', found, meta)
        paths.append(tmp_path / f'{name}.npz')
    return ann_file, paths


def test_as_one_pair_where_seeds_are_alike_and_kept(files, tmp_path):
    ann_file, (half, half2, whole, whole2) = files
    settings = ann_file, 100, 50, tmp_path
    one = bootstrap_rows([half], [whole], *settings)
    two = bootstrap_rows([half, half2], [whole, whole2], *settings)
    # Half of the objects of each image are found, with precision 1: AP is
    # the share of recall points up to 0.5, 51 of 101, in every choice.
    assert one == pytest.approx((50 / 101, 50 / 101))
    assert two == pytest.approx(one)
    assert bootstrap_rows([whole], [whole], *settings) == (0, 0)


def test_what_is_known_is_not_computed_again(files, tmp_path, monkeypatch):
    ann_file, (half, _, whole, _) = files
    settings = ann_file, 100, 50, tmp_path
    first = bootstrap_rows([half], [whole], *settings)
    monkeypatch.setattr(image_bootstrap, 'compare_detections', None)
    assert bootstrap_rows([half], [whole], *settings) == first
    assert len(json.loads((tmp_path / 'bootstrap.json').read_text())) == 1
    with pytest.raises(TypeError):
        bootstrap_rows([whole], [half], *settings)
