"""The CSV reader: every layout that occurs, and readable refusals."""

import pytest

from dense_scene.datasets.sku110k.reader import read_sku110k_csv

ROWS = (
    'b.jpg,1,2,3,4,object,100,200\n'
    'a.jpg,5,6,7,8,object,300,400\n'
    'b.jpg,9,10,110,120,object,100,200\n'
)


@pytest.fixture
def read(tmp_path):

    def read(content: str | bytes, **kwargs):
        path = tmp_path / 'annotations_train.csv'
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        return read_sku110k_csv(str(path), **kwargs)

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


@pytest.mark.parametrize('chunk_bytes', range(1, 100, 7))
def test_any_chunk_gives_the_same(read, chunk_bytes):
    check_rows(read(ROWS, chunk_bytes=chunk_bytes))


@pytest.mark.parametrize('chunk_bytes', [1, 30, 1000])
@pytest.mark.parametrize(
    'change',
    [
        lambda text: text.replace('\n', '\r\n'),
        lambda text: text[:-1],
        lambda text: text.replace('\n', '\r\n')[:-2],
        lambda text: text.replace(',1,', ',1.0,').replace('100', '1e2'),
    ],
)
def test_other_ways_to_write_the_same(read, change, chunk_bytes):
    check_rows(read(change(ROWS), chunk_bytes=chunk_bytes))


def test_fractions_and_negative_coordinates(read):
    columns = read('a.jpg,-1.5,2.25,3,-4,object,10,20\n')
    assert columns.boxes.tolist() == [[-1.5, 2.25, 3, -4]]


def test_names_of_any_length_and_script(read):
    names = ['x.jpg', 'größer/ß.jpg', 'y' * 200 + '.jpg', 'x.jp']
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


@pytest.mark.parametrize(
    'content, words',
    [
        ('', ['must hold one row per box, but it is empty']),
        (
            ROWS + 'c.jpg,1,2,3,4,object,5\n',
            [
                'row 4 must have 8 columns',
                'but has 7',
                'c.jpg,1,2,3,4,object,5',
            ],
        ),
        (ROWS + '\n', ['row 4 must have 8 columns', 'but has 1']),
        # Seven and nine columns make sixteen fields, twice eight.
        (
            'c.jpg,1,2,3,4,object,5\nc.jpg,1,2,3,4,object,5,6,7\n',
            ['row 1 must have 8 columns', 'but has 7'],
        ),
        (
            ROWS.replace('110', 'wide'),
            ['row 3, column 4 (x2) must be a number', "is 'wide'", 'Correct'],
        ),
        (ROWS.replace(',8,', ',,'), ['row 2, column 5 (y2)', "is ''"]),
        (ROWS.replace(',8,', ',nan,'), ['row 2, column 5 (y2)', "is 'nan'"]),
        (ROWS.replace(',8,', ',inf,'), ['row 2, column 5 (y2)', "is 'inf'"]),
        (
            ROWS.replace('400', '0'),
            [
                'row 2, column 8 (image_height) must be a whole number from 1',
                "'0'",
            ],
        ),
        (ROWS.replace('400', '400.5'), ['column 8 (image_height)', "'400.5'"]),
        (ROWS.replace('400', '1e12'), ['column 8 (image_height)', "'1e12'"]),
        (ROWS.replace(',8,', ',1e39,'), ['row 2, column 5 (y2)', "is '1e39'"]),
        (ROWS.replace('\n', '\r'), ['must end its rows with a line feed']),
        ('/c.jpg,1,2,3,4,object,5,6\n', ['row 1: image_name', 'below']),
        (ROWS + 'a/../c.jpg,1,2,3,4,object,5,6\n', ['row 4', 'a/../c.jpg']),
        (ROWS + 'c\0.jpg,1,2,3,4,object,5,6\n', ['row 4: image_name must']),
        (
            'image_name,x1,y1,x2,y2,class,image_width,image_height\n' + ROWS,
            ['row 1, column 2 (x1)', "is 'x1'", 'no header row: delete it'],
        ),
        (
            ',1,2,3,4,object,5,6\n',
            ['row 1: image_name', '1 to 1024 characters'],
        ),
        (
            ROWS[:-8] + '300,200\n',
            ["row 3 gives 'b.jpg' the size 300x200", 'row 1 says 100x200'],
        ),
    ],
)
@pytest.mark.parametrize('chunk_bytes', [40, 10000])
def test_errors_name_file_row_and_column(read, content, words, chunk_bytes):
    with pytest.raises(ValueError) as caught:
        read(content, chunk_bytes=chunk_bytes)
    message = str(caught.value)
    assert '\n' not in message
    for word in ['annotations_train.csv', *words]:
        assert word in message
