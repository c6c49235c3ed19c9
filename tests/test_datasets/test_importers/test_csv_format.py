"""Tables against text written by hand, and what is refused."""

import csv

import pytest

from dense_scene.datasets.importers.csv_format import read_csv, write_csv

from .conftest import make_set, rows_of

CSV = (
    'Filename, XMIN,ymin,xmax,ymax,height,width,label,score\n'
    '"b,1.jpg",1,2,3.5,4,40,60,tin,0.5\n'
    '\n'
    'a.jpg,,,,,20,30,,\n'
    '"b,1.jpg",-5,6,7,8,40,60,box,0.5\n'
)


@pytest.fixture
def read(tmp_path):

    def read(text=CSV, encoding='utf-8'):
        path = tmp_path / 'in.csv'
        path.write_bytes(text.encode(encoding))
        return read_csv(path).checked()

    return read


@pytest.mark.parametrize(
    'change',
    [
        lambda text: text,
        lambda text: text.replace('\n', '\r\n'),
        lambda text: text[:-1],
        lambda text: '\ufeff' + text,
    ],
)
def test_names_order_and_empty_images(read, change):
    annotations = read(change(CSV))
    assert rows_of(annotations) == [
        (
            'b,1.jpg',
            [40, 60],
            [[1, 2, 3.5, 4], [-5, 6, 7, 8]],
            ['tin', 'box'],
            [False, False],
        ),
        ('a.jpg', [20, 30], [], [], []),
    ]
    assert annotations.classes == ('box', 'tin')


def test_sku_layout_and_no_class(read):
    row = 'a.jpg,1,2,3,4,thing,60,40\n'
    assert rows_of(read(row)) == [
        ('a.jpg', [40, 60], [[1, 2, 3, 4]], ['thing'], [False])
    ]
    assert read(
        'image,x1,y1,x2,y2,width,height,ignored\na.jpg,1,2,3,4,60,40,1\n'
    ).classes == ('object',)


def test_written_file(tmp_path):
    original = make_set(
        [[[1, 2, 3.25, 4]], []], ignored=[True], classes=('a "b"',)
    )
    write_csv(original, tmp_path / 'a.csv', 1)
    with open(tmp_path / 'a.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    # 3.25 lies in the middle: to the even digit, as IEEE 754 rounds.
    assert [list(row.values()) for row in rows] == [
        ['0.jpg', '1', '2', '3.2', '4', 'a "b"', '60', '40', '1'],
        ['1.jpg', '', '', '', '', '', '60', '40', ''],
    ]


def test_names_over_several_lines(tmp_path):
    odd = make_set([[[1, 2, 3, 4]]], classes=('a\nb',))
    write_csv(odd, tmp_path / 'in.csv', 3)
    assert rows_of(read_csv(tmp_path / 'in.csv').checked()) == rows_of(odd)


def test_utf_16_and_what_is_no_text(read):
    assert rows_of(read(CSV, 'utf-16')) == rows_of(read())
    with pytest.raises(ValueError, match='in.csv must be text, .* not UTF-8'):
        read(CSV.replace('tin', '瓶子'), 'gbk')


def test_blanks_around_a_class_mean_nothing(read):
    found = read(
        'image,x1,y1,x2,y2,class,width,height\n'
        'a.jpg,1,2,3,4,my cat ,60,40\n'
        'a.jpg,1,2,3,4, my cat,60,40\n'
    )
    assert found.classes == ('my cat',)


@pytest.mark.parametrize(
    'text, words',
    [
        ('', 'in.csv must be CSV with a row per box'),
        ('image,x1,y1,x2\n', 'header .*, but y2 is missing'),
        ('a.jpg,1,2,3,4\n', 'or the 8 columns of SKU-110K'),
        (
            CSV.replace(',3.5,', ',wide,'),
            "row 2 must have a number as x2, but has 'wide'",
        ),
        (CSV.replace(',-5,', ',inf,'), 'row 5 must have a number as x1'),
        (CSV.replace(',-5,', ',,'), 'row 5 must have four corners, or none'),
        (CSV.replace(',-5,', ',9,'), 'row 5: a box must have finite corners'),
        (CSV.replace('-5,6,7,8,40,60,box,0.5', '-5,6,7'), 'row 5 .* corners'),
        (CSV.replace('box,0.5', 'box,0.5,'), 'line 5, saw 10'),
        (CSV.replace('box', ''), 'row 5 must have a class'),
        (CSV.replace('a.jpg', ''), 'row 4 must name an image'),
        (
            CSV.replace('8,40', '8,41'),
            "row 5 must give the size of its image's first row",
        ),
        (CSV.replace('"b,1.jpg",-5', '"b'), 'must be CSV .* fails'),
        (
            CSV.replace('8,40', '8,1e12'),
            "row 5 must have an integer .* as height, but has '1e12'",
        ),
        (CSV.replace('8,40', '8,40.5'), "as height, but has '40.5'"),
        (
            CSV.replace('score', 'ignored')
            .replace('box,0.5', 'box,7')
            .replace('0.5', '0'),
            "row 5 .* from 0 to 1 as ignored, but has '7'",
        ),
    ],
)
def test_refusals(read, text, words):
    with pytest.raises(ValueError, match=words):
        read(text)


BOX = [[1.5, 2.0, 30.0, 40.0]]


@pytest.mark.parametrize(
    'text',
    [
        'image,x1,y1,x2,y2,class\na.jpg,1.5,2,30,40,mug\n',
        'image;x1;y1;x2;y2;class\na.jpg;1,5;2;30;40;mug\n',
        'image\tx1\ty1\tx2\ty2\tclass\na.jpg\t1.5\t2\t30\t40\tmug\n',
        'ImageID,LabelName,XMin,XMax,YMin,YMax\na.jpg,mug,1.5,30,2,40\n',
        'location,x,y,w,h,class_name\na.jpg,1.5,2,28.5,38,mug\n',
        'image_id,bbox,class\na.jpg,"[1.5, 2, 28.5, 38]",mug\n',
        'label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,'
        'image_width,image_height\nmug,1.5,2,28.5,38,a.jpg,60,80\n',
        # Without a header: SKU-110K, makesense.ai, keras-retinanet.
        'a.jpg,1.5,2,30,40,mug,60,80\n',
        'mug,1.5,2,28.5,38,a.jpg,60,80\n',
        'a.jpg,1.5,2,30,40,mug\n',
    ],
)
def test_tables_of_other_programs(tmp_path, text):
    path = tmp_path / 'in.csv'
    path.write_text(text)
    found = read_csv(path)
    assert (found.names, found.classes) == (['a.jpg'], ['mug'])
    assert found.boxes.tolist() == BOX


@pytest.mark.parametrize(
    'text, words',
    [
        ('filename,region_shape_attributes\na.jpg,{}\n', 'the CSV of VIA'),
        ('a,b,c\n1,2,3\n', 'must have a header'),
        ('mug,1,2,3,4,cup,5,wide\n', 'must have a header'),
    ],
)
def test_tables_that_are_not_understood(tmp_path, text, words):
    (tmp_path / 'in.csv').write_text(text)
    with pytest.raises(ValueError, match=words):
        read_csv(tmp_path / 'in.csv')


def test_scores_are_left_out_with_a_question(read):
    (note,) = [note for note in read().notes if 'detections' in note]
    assert note.startswith("the column 'score' was left out")
    assert not any(
        'detections' in n for n in read(CSV.replace('score', 'z')).notes
    )


def test_two_columns_of_one_name_are_refused(read):
    """Nothing says which of them is the class."""
    with pytest.raises(ValueError, match="once, but 'Class' occurs twice"):
        read('image,x1,y1,x2,y2,class,Class\na.jpg,1,2,3,4,a,b\n'.title())
