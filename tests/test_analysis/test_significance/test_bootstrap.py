"""The paired bootstrap: exact, fair, and not fooled."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mmengine.logging import MMLogger

from dense_scene.analysis.significance.bootstrap import (
    bootstrap_difference,
    compare_detections,
)
from dense_scene.analysis.significance.paired_bootstrap import PairedBootstrap
from dense_scene.evaluation.backends import load_backend
from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    pycocotools_tables,
    read,
)
from tests.test_evaluation.scenes import random_scene as scene


def difference(values, **columns):
    """A result with these samples in every row."""
    samples = np.repeat(np.array(values, float)[:, None], 3, axis=1)
    settings = dict(
        first=np.zeros(3), second=np.zeros(3), max_dets=300, num_images=1
    )
    return PairedBootstrap(samples=samples, **{**settings, **columns})


@pytest.mark.parametrize('backend', ['hotcoco', 'pycocotools'])
@pytest.mark.parametrize('cap', [5, 100])
def test_whole_set_equals_pycocotools(backend, cap):
    for seed in range(5):
        truth, found = scene(seed, num_classes=3)
        precision, _ = pycocotools_tables(truth, found, [cap])
        table = precision[..., 0, 0]
        theirs = [
            part[part > -1].mean() for part in (table, table[0], table[5])
        ]  # thresholds .5, .55, ..., .75
        ground_truth, found = read(truth, found)
        result = bootstrap_difference(
            ground_truth,
            found,
            found.take(slice(0, 40)),
            cap,
            1,
            backend=backend,
        )
        np.testing.assert_allclose(result.first, theirs, rtol=0, atol=1e-9)


def test_resample_equals_a_data_set_of_copies():
    truth, found = read(*scene(3, num_images=6))
    rng = np.random.default_rng(0)
    pair = []
    for _ in range(2):
        # No ties, as COCO breaks them otherwise where a copy is an image.
        scores = rng.permutation(len(found)) / len(found)
        pair.append(
            Detections(found.image_ids, found.boxes, scores, found.labels)
        )
    result = bootstrap_difference(truth, *pair, 100, resamples=8, seed=5)
    for number, sample in enumerate(result.samples):
        drawn = np.random.default_rng((5, number)).integers(6, size=6)
        weights = np.bincount(drawn, minlength=6)
        assert weights.max() > 1
        aps = [backend_ap(truth, found, weights) for found in pair]
        assert sample[0] == pytest.approx(aps[1] - aps[0], abs=1e-9)


def backend_ap(truth, found, weights):
    """AP of a data set in which image i stands weights[i] times."""
    images = np.repeat(np.arange(len(weights)), weights)
    ids = np.arange(len(images))
    columns = replace(truth.columns.take(images), image_ids=ids)
    copies = GroundTruth.from_columns(columns, truth.classes)
    rows = found.group(truth.columns.image_ids)
    of_found = np.concatenate([rows[i] for i in images])
    return (
        load_backend()
        .evaluate(
            copies,
            Detections(
                np.repeat(ids, rows.counts[images]),
                found.boxes[of_found],
                found.scores[of_found],
                found.labels[of_found],
            ),
            [100],
        )
        .ap(100)
    )


def test_equal_results_do_not_differ():
    truth, found = read(*scene(1))
    result = bootstrap_difference(truth, found, found, resamples=50)
    assert result.first[0] > 0.05  # there is something to compare
    assert not result.difference.any() and not result.samples.any()
    assert not result.interval().any()
    assert result.p_values.tolist() == [1, 1, 1]


def test_better_on_every_image_is_certain():
    truth, found = read(*scene(1, num_images=12, objects=300, detections=0))
    perfect = Detections(
        truth.image_ids, truth.boxes, np.full(len(truth), 0.5), truth.labels
    )
    half = perfect.take(np.arange(len(truth)) % 2 == 0)
    result = bootstrap_difference(truth, half, perfect, resamples=99)
    assert (result.interval() > 0).all()
    # No resample beyond zero: 2 * (0 + 1) / (99 + 1).
    assert result.p_values == pytest.approx([0.02] * 3)
    back = bootstrap_difference(truth, perfect, half, resamples=99)
    assert back.samples.tolist() == (-result.samples).tolist()


def test_threads_and_order_change_no_bit():
    truth, found = read(*scene(2, num_images=9))
    other = found.take(np.arange(0, len(found), 2))
    one, more = (
        bootstrap_difference(truth, found, other, resamples=30, workers=n)
        for n in (1, 3)
    )
    assert one.samples.tolist() == more.samples.tolist()
    assert len(np.unique(one.samples[:, 0])) > 15  # resamples do differ


def test_interval_and_p_by_hand():
    assert difference(range(101)).interval()[0] == pytest.approx([2.5, 97.5])
    assert difference(range(101)).interval(0.9)[2] == pytest.approx([5, 95])
    # One of four at or below zero: 2 * (1 + 1) / (4 + 1).
    assert difference([-1, 1, 2, 3]).p_values == pytest.approx([0.8] * 3)


def test_table_is_narrow_and_complete():
    text = difference([-0.1234] * 4, second=np.full(3, -0.1)).format()
    assert all(len(line) <= 79 for line in text.splitlines())
    for words in ('AP50@300', '-0.1000', '-0.1234 to -0.1234', '4 resamples'):
        assert words in text


def test_resamples_without_objects_are_left_out():
    # Of two images one is empty: a quarter of the resamples has no object.
    truth = coco_dict(grid(2))
    truth['images'].append(dict(truth['images'][0], id=2, file_name='2.jpg'))
    truth, found = read(truth, coco_results(grid(1), [0.5]))
    result = bootstrap_difference(truth, found, found, resamples=60)
    # Image 1 is the empty one: it was drawn alone if the least is 1.
    empty = sum(
        np.random.default_rng((0, n)).integers(2, size=2).min()
        for n in range(60)
    )
    assert len(result.samples) == 60 - empty
    assert 0 < empty < 60


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(resamples=0), 'resamples must be a positive integer, but got 0'),
        (dict(workers=0), 'workers must be a positive integer'),
        (dict(max_dets=0), 'max_dets must be a positive integer'),
    ],
)
def test_bad_settings(settings, words):
    truth, found = read(coco_dict(grid(2)), [])
    with pytest.raises(ValueError, match=words):
        bootstrap_difference(truth, found, found, **settings)


def test_no_object():
    truth, found = read(coco_dict(grid(0)), [])
    with pytest.raises(ValueError, match='at least one object'):
        bootstrap_difference(truth, found, found)


@pytest.fixture
def files(tmp_path):
    """Ground truth of two images, and stored results."""
    truth = coco_dict(grid(3))
    truth['images'].append(dict(truth['images'][0], id=2, file_name='2.jpg'))
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    boxes = np.array([[0.0, 0, 40, 40], [40, 0, 80, 40]])
    found = Detections([1, 1], boxes, [0.9, 0.8], [0, 0])
    nan = Detections([1, 1], boxes * [[1], [np.nan]], [0.9, 0.8], [0, 0])
    for name, item, ids in (
        ('a', found, [1, 2]),
        ('b', found, [1]),
        ('nan', nan, [1, 2]),
    ):
        save_detections(tmp_path / f'{name}.npz', item, image_ids=ids)
    return {
        name: str(tmp_path / name)
        for name in ('a.npz', 'b.npz', 'nan.npz', 'truth.json')
    }


def test_compare_files_counts_nan(files, monkeypatch):
    lines = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'log', lambda level, line: lines.append(line))
    result = compare_detections(
        files['a.npz'], files['nan.npz'], files['truth.json'], resamples=5
    )
    assert result.num_images == 2
    assert any('1 of 2 detections of' in line for line in lines)


def test_compare_files_whose_models_number_classes_differently(tmp_path):
    """The same boxes of the same names, which no result can tell apart."""
    truth = coco_dict(grid(2), category_id=[1, 2])
    truth['categories'] = [dict(id=1, name='a'), dict(id=2, name='b')]
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    boxes = np.array([[0.0, 0, 40, 40], [40, 0, 80, 40]])
    paths = []
    for order in ('ab', 'ba'):
        labels = [order.index('a'), order.index('b')]
        found = Detections([1, 1], boxes, [0.9, 0.8], labels)
        paths.append(str(tmp_path / f'{order}.npz'))
        meta = dict(classes=list(order))
        save_detections(paths[-1], found, meta, [1])
    result = compare_detections(
        *paths, str(tmp_path / 'truth.json'), resamples=5
    )
    assert result.first.tolist() == result.second.tolist()
    assert result.first == pytest.approx(1)


def test_compare_files_of_other_images(files):
    with pytest.raises(ValueError, match='same images and classes.* 2 and 1'):
        compare_detections(files['a.npz'], files['b.npz'], files['truth.json'])
