"""The CSV reader: every layout that occurs, and readable refusals."""

import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dense_scene.datasets.sku110k.reader import read_sku110k_csv

ROWS = (
    'b.jpg,1,2,3,4,object,100,200\n'
    'a.jpg,5,6,7,8,object,300,400\n'
    'b.jpg,9,10,110,120,object,100,200\n'
)


@pytest.fixture
def read(tmp_path):

    def read(content: str | bytes):
        path = tmp_path / 'annotations_train.csv'
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        return read_sku110k_csv(str(path))

    return read


def check_rows(columns):
    assert columns.file_names.tolist() == [b'b.jpg', b'a.jpg']
    assert columns.image_ids.tolist() == [0, 1]
    assert columns.sizes.tolist() == [[200, 100], [400, 300]]
    assert columns.counts.tolist() == [2, 1]
    assert columns.boxes.tolist() == [
        [1, 2, 3, 4],
        [9, 10, 110, 120],
        [5, 6, 7, 8],
    ]
    assert columns.labels.tolist() == [0, 0, 0]
    assert not columns.ignored.any()


def test_rows_of_an_image_need_not_lie_together(read):
    check_rows(read(ROWS))


@pytest.mark.parametrize(
    'change',
    [
        lambda text: text.replace('\n', '\r\n'),
        lambda text: text.replace('\n', '\r'),
        lambda text: text[:-1],
        lambda text: text.replace('\n', '\r\n')[:-2],
        lambda text: text.replace(',1,', ',1.0,').replace('100', '1e2'),
    ],
)
def test_other_ways_to_write_the_same(read, change):
    check_rows(read(change(ROWS)))


def test_fractions_and_negative_coordinates(read):
    columns = read('a.jpg,-1.5,2.25,3,-4,object,10,20\n')
    assert columns.boxes.tolist() == [[-1.5, 2.25, 3, -4]]


def test_names_of_any_length_and_script(read):
    names = ['x.jpg', 'größer/ß.jpg', 'y' * 200 + '.jpg', 'x.jp']
    names += ['NA', 'null', 'nan', '1', '"a"', "b'c", ' d', 'e.jpg"']
    columns = read(''.join(f'{name},0,0,1,1,object,9,9\n' for name in names))
    assert [name.decode() for name in columns.file_names] == names


def test_a_byte_order_mark_is_no_part_of_a_name(read):
    check_rows(read(b'\xef\xbb\xbf' + ROWS.encode()))


def test_600_boxes_that_touch(read):
    columns = read(
        ''.join(f'a.jpg,{x},0,{x + 1},9,object,600,9\n' for x in range(600))
    )
    assert columns.boxes[:, 0].tolist() == list(range(600))
    assert columns.counts.tolist() == [600]


HEADER = 'image_name,x1,y1,x2,y2,class,image_width,image_height\n'


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
@pytest.mark.parametrize('header', ['', HEADER, HEADER.upper()])
def test_a_header_and_a_byte_order_mark_mean_nothing(read, header, encoding):
    expected, found = read(ROWS), read((header + ROWS).encode(encoding))
    assert found.file_names.tolist() == expected.file_names.tolist()
    assert np.array_equal(found.boxes, expected.boxes)


@pytest.mark.parametrize(
    'content, words',
    [
        ('', ['must hold one row per box, but is empty']),
        (
            ROWS + 'c.jpg,1,2,3,4,object,5\n',
            [
                'row 4 must have 8 columns',
                'but has 7',
                'c.jpg,1,2,3,4,object,5',
            ],
        ),
        (ROWS + '\n', ['row 4 must have 8 columns', 'but has 1']),
        ('c.jpg,1,2,3,4,object,5,6,7\n' + ROWS, ['row 1', 'but has 9']),
        (ROWS + 'c.jpg,1,2,3,4,object,5,6,7\n', ['row 4', 'but has 9']),
        # Seven and nine columns make sixteen fields, twice eight.
        (
            'c.jpg,1,2,3,4,object,5\nc.jpg,1,2,3,4,object,5,6,7\n',
            ['row 1 must have 8 columns', 'but has 7'],
        ),
        (
            ROWS.replace('110', 'wide'),
            ['row 3, column 4 (x2) must be a number', "is 'wide'"],
        ),
        (ROWS.replace(',8,', ',,'), ['row 2, column 5 (y2)', "is ''"]),
        (ROWS.replace(',8,', ',nan,'), ['row 2, column 5 (y2)', "is 'nan'"]),
        (ROWS.replace(',8,', ',inf,'), ['row 2, column 5 (y2)', "is 'inf'"]),
        (
            ROWS.replace('400', '0'),
            [
                'row 2, column 8 (image_height) must be an integer from 1',
                "'0'",
            ],
        ),
        (ROWS.replace('400', '400.5'), ['column 8 (image_height)', "'400.5'"]),
        (ROWS.replace('400', '1e12'), ['column 8 (image_height)', "'1e12'"]),
        (ROWS.replace(',8,', ',1e39,'), ['row 2, column 5 (y2)', "is '1e39'"]),
        (ROWS.replace(',8,', ',True,'), ['row 2, column 5 (y2)', "'True'"]),
        (ROWS.replace('a.jpg', 'ä.jpg').encode('latin-1'), ['UTF-8']),
        ('/c.jpg,1,2,3,4,object,5,6\n', ['row 1, column 1', 'below']),
        (ROWS + 'a/../c.jpg,1,2,3,4,object,5,6\n', ['row 4', 'a/../c.jpg']),
        (ROWS + 'c\0.jpg,1,2,3,4,object,5,6\n', ['row 4, column 1']),
        (
            HEADER + ROWS.replace(',8,', ',nan,'),
            ['row 3, column 5 (y2)', "is 'nan'"],
        ),
        (
            HEADER + ROWS[:-8] + '300,200\n',
            ["row 4 must give 'b.jpg' the size of row 2", '300x200'],
        ),
        ('x1,y1\n' + ROWS, ['row 1 must have 8 columns, but has 2']),
        (
            'mug,1,2,3,4,a.jpg,5,6\ncup,1,2,3,4,b.jpg,5,6\n',
            ["has 'cup' and 'a.jpg'", 'makesense'],
        ),
        (',1,2,3,4,object,5,6\n', ['row 1, column 1 (image_name)', "is ''"]),
        (
            ROWS[:-8] + '300,200\n',
            ["row 3 must give 'b.jpg' the size of row 1, 100x200", '300x200'],
        ),
    ],
)
def test_errors_name_file_row_and_column(read, content, words):
    with pytest.raises(ValueError) as caught:
        read(content)
    message = str(caught.value)
    assert '\n' not in message
    for word in ['annotations_train.csv', *words]:
        assert word in message


@given(
    st.lists(st.decimals(-(10**7), 10**7, places=4), min_size=4, max_size=4)
)
def test_decimals_equal_float(numbers):
    corners = [f'{number:f}' for number in numbers]
    with tempfile.NamedTemporaryFile('w', suffix='.csv') as file:
        file.write(f'a.jpg,{",".join(corners)},object,5,6\n')
        file.flush()
        boxes = read_sku110k_csv(file.name).boxes
    assert boxes.tolist() == [np.float32(list(map(float, corners))).tolist()]


def test_other_classes_are_taken_for_one_with_a_warning(read, log):
    row = 'a.jpg,1,2,3,4,{},100,200\n'
    read(row.format('object') * 2)
    assert log.text == ''
    found = read(row.format('cola') + row.format('tea'))
    assert found.labels.tolist() == [0, 0]
    assert "2 classes, 'cola' and 'tea' among them, are taken" in log.text
