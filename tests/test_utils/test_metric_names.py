"""Names of results."""

import pytest

from dense_scene.utils.metric_names import current_name, name_classes


@pytest.mark.parametrize(
    'classes, names',
    [
        ((), []),
        (('can', 'row_roof', 'a-b.c'), ['can', 'row_roof', 'a-b.c']),
        # One run of what is not allowed, one underscore.
        (('cup (blue)', 'a/b', 'x@300'), ['cup_blue', 'a_b', 'x_300']),
        (('??', 'a'), ['_0', 'a']),
        # Two that would be called alike: the later one gets its number.
        (('a b', 'a_b', 'a/b'), ['a_b', 'a_b_1', 'a_b_2']),
    ],
)
def test_name_classes(classes, names):
    assert name_classes(classes) == names


def test_current_name():
    assert current_name('coco/bbox_mAP_50@300') == 'coco/bbox_mAP_50_at300'
    assert current_name('coco/bbox_mAP_at300') == 'coco/bbox_mAP_at300'
