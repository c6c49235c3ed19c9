"""Nothing is lost on the way through a format that has a place for it."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.datasets.importers.coco_format import read_coco, write_coco
from dense_scene.datasets.importers.csv_format import read_csv, write_csv
from dense_scene.testing import touching_row

from .conftest import make_set, rows_of

HEIGHT, WIDTH = 4032, 3024
# Names that need care: quotes, markup, other scripts, folders, per cent.
NAMES = ['plain.jpg', 'sub/a,b "c".jpg', 'ä日本.png', '<&>%s %d.jpg']
CLASSES = ('tin & box', 'a, "b"', 'größe')


@st.composite
def annotation_sets(draw):
    """Up to four images, up to three boxes each, inside of their image."""

    def interval(limit):
        # Thousandths: what is written with three digits is exact.
        ends = draw(st.tuples(*[st.integers(0, 1000 * limit)] * 2))
        return [end / 1000 for end in sorted(ends)]

    images = []
    for _ in range(draw(st.integers(0, 4))):
        spans = [
            (interval(WIDTH), interval(HEIGHT))
            for _ in range(draw(st.integers(0, 3)))
        ]
        images.append([[x1, y1, x2, y2] for (x1, x2), (y1, y2) in spans])
    count = sum(map(len, images))
    return make_set(
        images,
        (HEIGHT, WIDTH),
        NAMES[: len(images)],
        CLASSES,
        draw(st.lists(st.integers(0, 2), min_size=count, max_size=count)),
        draw(st.lists(st.booleans(), min_size=count, max_size=count)),
    )


@settings(max_examples=50, deadline=None)
# A point.
@example(
    make_set([[[0, 0.002, 0, 0.002]]], (HEIGHT, WIDTH), NAMES[:1], CLASSES)
)
@given(annotation_sets())
def test_coco_and_csv(tmp_path_factory, original):
    folder = tmp_path_factory.mktemp('trip')
    write_coco(original, folder / 'a.json', 3)
    from_coco = read_coco(folder / 'a.json').checked()
    assert from_coco.classes == CLASSES
    write_csv(from_coco, folder / 'a.csv', 3)
    from_csv = read_csv(folder / 'a.csv').checked(classes=CLASSES)
    write_coco(from_csv, folder / 'b.json', 3)
    assert rows_of(from_coco) == rows_of(from_csv) == rows_of(original)
    # A second trip changes nothing any more, to the last bit.
    assert (folder / 'a.json').read_bytes() == (folder / 'b.json').read_bytes()


def test_coco_loads_in_the_data_set(tmp_path):
    boxes = touching_row(600, (0.1, 2)).double().numpy().round(3)
    boxes = boxes[boxes[:, 2] - boxes[:, 0] > 0]
    original = make_set(
        [boxes.tolist(), [], [[0.1, 0.2, 30.4, 40]]],
        classes=('a', 'b'),
        labels=[0] * len(boxes) + [1],
        ignored=[False] * len(boxes) + [True],
    )
    write_coco(original, tmp_path / 'a.json', 3)
    dataset = DenseCocoDataset(
        ann_file=str(tmp_path / 'a.json'), data_prefix=dict(img='')
    )
    assert dataset.metainfo['classes'] == ('a', 'b')
    # Boxes thinner than a pixel are not for training: 600 are left out.
    assert dataset.columns.counts.tolist() == [0, 0, 1]
    info = dataset.get_data_info(2)
    assert info['instances'] == [
        dict(
            bbox=np.array([0.1, 0.2, 30.4, 40], np.float32).tolist(),
            bbox_label=1,
            ignore_flag=1,
        )
    ]
    assert (info['height'], info['width']) == (40, 60)
    assert len(read_coco(tmp_path / 'a.json').boxes) == 601


@pytest.mark.parametrize(
    'write, read', [(write_coco, read_coco), (write_csv, read_csv)]
)
@pytest.mark.parametrize('images', [[], [[]], [[], []]])
def test_no_box_at_all(tmp_path, write, read, images):
    original = make_set(images, classes=())
    write(original, tmp_path / 'a', 3)
    assert rows_of(read(tmp_path / 'a').checked()) == rows_of(original)
