"""Hits, misses, merged objects and false alarms of a picture."""

import numpy as np

from dense_scene.visualization.comparison import compare_boxes

OBJECTS = np.array([[0, 0, 10, 10], [10, 0, 20, 10], [50, 0, 60, 10.0]])


def compare(boxes, scores, labels=None, objects=OBJECTS):
    labels = np.zeros(len(boxes), int) if labels is None else labels
    boxes = np.reshape(boxes, (-1, 4)).astype(float)
    truth = objects, np.zeros(len(objects), int)
    result = compare_boxes(boxes, labels, np.array(scores), *truth)
    return [part.nonzero()[0].tolist() for part in result]


def test_each_kind_once():
    """A merged box has IoU 100 / 200 with each: no hit at 0.5 and below."""
    boxes = [[80, 0, 90, 10], [0, 0, 20.5, 10], [50, 0, 60, 10]]
    assert compare(boxes, [0.9, 0.8, 0.7]) == [[2], [1], [0], [0, 1]]


def test_a_second_box_on_an_object_is_a_false_alarm():
    boxes = [[0, 0, 10, 9], [0, 0, 10, 10]]
    assert compare(boxes, [0.5, 0.9]) == [[1], [], [0], [1, 2]]


def test_only_objects_of_the_class_are_found():
    found = compare(OBJECTS, [0.9, 0.9, 0.9], labels=np.array([0, 1, 0]))
    assert found == [[0, 2], [], [1], [1]]


def test_no_boxes_and_no_objects():
    assert compare([], []) == [[], [], [], [0, 1, 2]]
    none = np.zeros((0, 4))
    assert compare(OBJECTS[:1], [0.9], objects=none) == [[], [], [0], []]
    assert compare([], [], objects=none) == [[], [], [], []]
