"""Every number of every backend against pycocotools as it comes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dense_scene.evaluation.backends import load_backend
from dense_scene.evaluation.tables.detections import Detections
from tests.test_evaluation.scenes import (
    coco_dict,
    coco_results,
    grid,
    make_truth,
    pycocotools_tables,
    random_scene,
    read,
)

BACKENDS = ('hotcoco', 'pycocotools')
both = pytest.mark.parametrize('backend', BACKENDS)


def evaluate(backend, truth, found, max_dets=(100, 300)):
    return load_backend(backend).evaluate(*read(truth, found), max_dets)


def assert_equal_tables(backend, truth, found, max_dets):
    tables = evaluate(backend, truth, found, max_dets)
    precision, recall = pycocotools_tables(truth, found, list(max_dets))
    np.testing.assert_allclose(tables.precision, precision, rtol=0, atol=1e-9)
    np.testing.assert_allclose(tables.recall, recall, rtol=0, atol=1e-9)


@both
@pytest.mark.parametrize(
    'scene',
    [
        dict(num_images=1, num_classes=1),
        dict(num_images=5, num_classes=1, objects=90, detections=400),
        dict(num_images=4, num_classes=3),
        dict(crowd=1),
        dict(crowd=0, num_classes=6),
        dict(objects=0),
        dict(detections=0),
        dict(num_images=1, objects=1, detections=1, crowd=0),
    ],
)
def test_equals_pycocotools(backend, scene):
    for seed in range(3):
        truth, found = random_scene(seed, **scene)
        assert_equal_tables(backend, truth, found, (3, 100, 300))


@pytest.mark.parametrize('seed', range(5))
def test_equals_vernier(seed):
    # A second evaluator that shares no code with either backend.
    vernier = pytest.importorskip('vernier', reason='pip install vernier')
    truth, found = random_scene(seed, num_classes=3)
    precision, recall = pycocotools_tables(
        truth, found, [3, 100, 300], vernier.COCOeval
    )
    tables = evaluate('hotcoco', truth, found, (3, 100, 300))
    np.testing.assert_allclose(tables.precision, precision, rtol=0, atol=1e-9)
    np.testing.assert_allclose(tables.recall, recall, rtol=0, atol=1e-9)


def test_scenes_are_neither_easy_nor_hopeless():
    tables = evaluate('pycocotools', *random_scene(0, crowd=0))
    for area in ('all', 's', 'm', 'l'):
        assert 0.1 < tables.ap(100, area=area) < 0.9


@both
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    num_images=st.integers(1, 6),
    objects=st.integers(0, 50),
    detections=st.integers(0, 120),
    num_classes=st.integers(1, 4),
    crowd=st.sampled_from([0, 0.2]),
    max_dets=st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True),
)
def test_equals_pycocotools_on_any_scene(backend, max_dets, **scene):
    assert_equal_tables(backend, *random_scene(**scene), sorted(max_dets))


@pytest.mark.parametrize(
    'count, points',
    [
        # 400 objects, `count` of them found. Precision is 1 up to a recall of
        # min(count, cap) / 400, so that floor(100 * recall) + 1 of the 101
        # recall points are 1: at the caps 100 and 300
        (99, (25, 25)),  # 99 / 400 = .2475 below both caps
        (100, (26, 26)),  # .25
        (101, (26, 26)),  # .25 at 100; .2525 at 300
        (299, (26, 75)),  # .7475 at 300
        (300, (26, 76)),  # .75
        (301, (26, 76)),  # cut to .75
    ],
)
def test_max_dets_cut_where_they_say(count, points):
    boxes = grid(400)
    found = coco_results(boxes[:count], np.linspace(1, 0.5, count))
    tables = evaluate('hotcoco', coco_dict(boxes), found)
    for cap, value in zip((100, 300), points):
        assert tables.ap(cap) == pytest.approx(value / 101, abs=1e-9)
        assert tables.ar(cap) == pytest.approx(
            min(count, cap) / 400, abs=1e-12
        )


@both
def test_lower_scores_are_cut_first_and_ties_by_order(backend):
    # Of two detections with one score the first counts at a cap of 1: the
    # one object is found, or missed, accordingly.
    hit, miss = [0, 0, 10, 10], [50, 50, 10, 10]
    truth = coco_dict(np.array([hit]))
    for boxes, value in (([hit, miss], 1), ([miss, hit], 0)):
        found = coco_results(boxes, (0.5, 0.5))
        assert evaluate(backend, truth, found, (1,)).ap(1) == pytest.approx(
            value, abs=1e-9
        )


@both
def test_perfect_detections_score_one(backend):
    truth, _ = random_scene(0, num_classes=1, crowd=0, objects=120)
    found = [dict(item, score=0.9) for item in truth['annotations']]
    tables = evaluate(backend, truth, found, (300,))
    for area in ('all', 's', 'm', 'l'):
        assert tables.ap(300, area=area) == pytest.approx(1, abs=1e-9)
        assert tables.ar(300, area) == 1
    assert tables.ap(300, iou=0.5) == pytest.approx(1, abs=1e-9)


@both
def test_sizes_end_at_32_and_96_pixels_squared(backend):
    # COCO's ranges hold both ends: 1024 is small and medium, 9216 medium and
    # large; a pixel more or less is in one range only.
    for area, names in (
        (1023, 's'),
        (1024, 'sm'),
        (1025, 'm'),
        (9215, 'm'),
        (9216, 'ml'),
        (9217, 'l'),
    ):
        box = np.array([[0, 0, area, 1]])
        tables = evaluate(backend, coco_dict(box), coco_results(box, [1]))
        for name in 'sml':
            value = 1 if name in names else -1
            assert tables.ap(100, area=name) == pytest.approx(value), name


def test_600_touching_objects():
    # The lower half is found: recall .5, 51 of 101 points.
    boxes = grid(600, columns=30)
    found = coco_results(boxes[300:], np.linspace(0, 1, 300))
    tables = evaluate('hotcoco', coco_dict(boxes), found, (300, 1000))
    assert tables.ap(300) == pytest.approx(51 / 101, abs=1e-9)
    assert tables.ap(1000) == pytest.approx(51 / 101, abs=1e-9)


@both
def test_equal_boxes_match_one_to_one(backend):
    # Three detections on two equal objects: two are found, the third is
    # wrong but comes last, so that precision is 1 at every recall.
    boxes = np.array([[5.0, 5, 20, 20]] * 3)
    tables = evaluate(
        backend, coco_dict(boxes[:2]), coco_results(boxes, (0.9, 0.8, 0.7))
    )
    assert tables.ap(100) == pytest.approx(1, abs=1e-9)


def test_absent_area_is_width_times_height():
    truth = coco_dict(np.array([[0, 0, 40.0, 40]]))
    del truth['annotations'][0]['area']
    tables = evaluate('hotcoco', truth, coco_results([[0, 0, 40, 40]], [1]))
    assert tables.ap(100, area='m') == pytest.approx(1)


@pytest.mark.parametrize('seed', range(4))
def test_matches_are_equal(seed):
    truth, found = read(*random_scene(seed, num_classes=3))
    ours, theirs = (
        load_backend(name).match(truth, found, 20) for name in BACKENDS
    )
    places = []
    for matches in (ours, theirs):
        rows = matches.rows
        places.append(
            np.lexsort(
                (matches.ranks, found.labels[rows], found.image_ids[rows])
            )
        )
    for name in ('rows', 'ranks'):
        np.testing.assert_array_equal(
            getattr(ours, name)[places[0]], getattr(theirs, name)[places[1]]
        )
    for name in ('objects', 'ignored', 'matched'):
        np.testing.assert_array_equal(
            getattr(ours, name)[:, places[0]],
            getattr(theirs, name)[:, places[1]],
        )
    for cap in (None, 5):
        np.testing.assert_array_equal(
            ours.found_objects(cap), theirs.found_objects(cap)
        )


@both
def test_match_names_the_object_that_was_found(backend):
    # Two objects; found: the second, nothing, the first (a score below).
    boxes = np.array([[0, 0, 10, 10], [30, 0, 10, 10], [60, 0, 10, 10]])
    truth, found = read(
        coco_dict(boxes[:2]), coco_results(boxes, (0.3, 0.9, 0.6))
    )
    matches = load_backend(backend).match(truth, found, 2)
    assert matches.rows.tolist() == [1, 2]  # the cap of 2 cuts row 0
    assert matches.ranks.tolist() == [0, 1]
    assert matches.objects.tolist() == [[1, -1]] * 10
    assert matches.found_objects().tolist() == [[False, True]] * 10
    assert not matches.found_objects(0).any()


def test_result_names_library_and_max_dets():
    from importlib.metadata import version

    tables = evaluate('auto', coco_dict(grid(1)), [], [100, 300])
    assert tables.backend == f'hotcoco {version("hotcoco")}'
    assert tables.max_dets == (100, 300)


def test_unknown_backend():
    with pytest.raises(ValueError, match="backend must be one of .*'cuda'"):
        load_backend('cuda')


def test_absent_library(monkeypatch):
    monkeypatch.setattr(
        'dense_scene.evaluation.backends.find_spec', lambda name: None
    )
    for name, wanted in (('auto', 'hotcoco'), ('pycocotools',) * 2):
        with pytest.raises(ImportError, match=f'pip install {wanted}'):
            load_backend(name)


def test_auto_takes_the_reference_where_hotcoco_is_absent(monkeypatch):
    monkeypatch.setattr(
        'dense_scene.evaluation.backends.find_spec',
        lambda name: name == 'pycocotools' or None,
    )
    assert load_backend('auto').package == 'pycocotools'


@both
def test_a_table_that_would_abort_the_process_is_refused(backend):
    """200,000 classes: 8 x 10 x 101 x 4 x 2 bytes each are 12.0 GiB."""
    truth = make_truth(
        [1], [1], [[0, 0, 2, 3]], [0], [f'{n}' for n in range(200_000)]
    )
    found = Detections(
        np.array([1]), truth.boxes, np.array([0.5]), np.array([0])
    )
    with pytest.raises(ValueError, match='at most 16611 classes.* 12.0 GiB'):
        load_backend(backend).evaluate(truth, found)
