"""Nothing is lost on the way through a format that has a place for it."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.datasets.importers.coco_format import read_coco, write_coco
from dense_scene.datasets.importers.csv_format import (
    read_csv,
    write_csv,
    write_sku,
)
from dense_scene.datasets.importers.voc_format import read_voc, write_voc
from dense_scene.datasets.importers.yolo_format import read_yolo, write_yolo
from dense_scene.datasets.sku110k.reader import read_sku110k_csv
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
# 0.002 + 1 - 1 is above 0.002: a box without area must not be inverted.
@example(
    make_set([[[0, 0.002, 0, 0.002]]], (HEIGHT, WIDTH), NAMES[:1], CLASSES)
)
@given(annotation_sets())
def test_coco_csv_and_voc(tmp_path_factory, original):
    folder = tmp_path_factory.mktemp('trip')
    expected = rows_of(original)
    write_coco(original, folder / 'a.json')
    from_coco = read_coco(folder / 'a.json')
    assert from_coco.classes == CLASSES
    write_csv(from_coco, folder / 'a.csv')
    from_csv = read_csv(folder / 'a.csv', classes=CLASSES)
    write_voc(from_csv, folder / 'xml')
    from_voc = read_voc(folder / 'xml', classes=CLASSES)
    write_coco(from_voc, folder / 'b.json')
    assert rows_of(from_coco) == rows_of(from_csv) == expected
    # Files of a folder are read in the order of their names.
    assert rows_of(from_voc) == sorted(expected)
    corners = from_voc.columns.boxes
    assert (corners[:, 2:] >= corners[:, :2]).all()
    # A second trip changes nothing any more, to the last bit.
    write_coco(read_coco(folder / 'b.json'), folder / 'c.json')
    assert (folder / 'b.json').read_bytes() == (folder / 'c.json').read_bytes()


@pytest.mark.parametrize('digits', [0, 2, 3])
def test_yolo(tmp_path, write_images, digits):
    # Sides that no power of two or ten divides; corners at every edge.
    names, sizes = ['b.jpg', 'a/c.png'], [(37, 61), (331, 113)]
    images = write_images(names, sizes)
    rng = np.random.default_rng(0)
    parts = []
    for height, width in sizes:
        corners = np.sort(rng.random((50, 2, 2)), axis=1) * (width, height)
        boxes = np.round(corners.reshape(-1, 4), digits)
        parts.append([[0, 0, width, height], *boxes.tolist()])
    original = make_set(parts, names=names)
    original.columns.sizes.flags.writeable = True
    original.columns.sizes[:] = sizes
    write_yolo(original, tmp_path / 'labels', digits)
    back = read_yolo(tmp_path / 'labels', images)
    assert back.classes == ('a',)
    assert rows_of(back, digits) == sorted(rows_of(original, digits))


def test_sku_is_what_the_data_set_reads(tmp_path):
    original = make_set(
        [[[1, 2, 3.25, 4]], [], [[5, 6, 7, 8]]], classes=('object',)
    )
    written = write_sku(original, tmp_path / 'a.csv')
    assert (tmp_path / 'a.csv').read_text() == (
        '0.jpg,1,2,3.25,4,object,60,40\n2.jpg,5,6,7,8,object,60,40\n'
    )
    assert written.notes == [
        'left out 1 images without boxes, which the layout of SKU-110K '
        'cannot list'
    ]
    columns = read_sku110k_csv(str(tmp_path / 'a.csv'))
    again = read_csv(tmp_path / 'a.csv')
    assert columns.boxes.tolist() == again.columns.boxes.tolist()
    assert again.classes == ('object',)


def test_coco_loads_in_the_data_set(tmp_path):
    boxes = touching_row(600, (0.1, 2)).double().numpy().round(3)
    boxes = boxes[boxes[:, 2] - boxes[:, 0] > 0]
    original = make_set(
        [boxes.tolist(), [], [[0.1, 0.2, 30.4, 40]]],
        classes=('a', 'b'),
        labels=[0] * len(boxes) + [1],
        ignored=[False] * len(boxes) + [True],
    )
    write_coco(original, tmp_path / 'a.json')
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
    assert len(read_coco(tmp_path / 'a.json').columns.boxes) == 601


@pytest.mark.parametrize(
    'write, read, name',
    [
        (write_coco, read_coco, 'a.json'),
        (write_csv, read_csv, 'a.csv'),
        (write_voc, read_voc, 'xml'),
    ],
)
@pytest.mark.parametrize('images', [[], [[]], [[], []]])
def test_no_box_at_all(tmp_path, write, read, name, images):
    original = make_set(images, classes=())
    write(original, tmp_path / name)
    assert rows_of(read(tmp_path / name)) == rows_of(original)
