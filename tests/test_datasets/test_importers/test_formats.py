"""Each format against text written by hand, and its refusals."""

import pytest

from dense_scene.datasets.importers.coco_format import read_coco, write_coco
from dense_scene.datasets.importers.csv_format import (
    read_csv,
    write_csv,
    write_sku,
)
from dense_scene.datasets.importers.voc_format import read_voc, write_voc
from dense_scene.datasets.importers.yolo_format import read_yolo, write_yolo

from .conftest import make_set, rows_of

VOC = """<?xml version="1.0" encoding="utf-8"?>
<annotation verified="yes">
  <filename>C:\\photos\\a.jpg</filename>
  <size><width>60</width><height>40</height><depth>3</depth></size>
  <object>
    <name>tin</name><pose>Left</pose>
    <bndbox><ymin>1</ymin><xmin>11</xmin><xmax>20</xmax><ymax>40</ymax></bndbox>
  </object>
  <object>
    <name>box</name><difficult>1</difficult>
    <bndbox><xmin>1.5</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox>
    <part><name>lid</name></part>
  </object>
</annotation>
"""


class TestVoc:
    @pytest.fixture
    def read(self, tmp_path):

        def read(content=VOC, **kwargs):
            path = tmp_path / 'xml/a.xml'
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(
                content if isinstance(content, bytes) else content.encode()
            )
            return read_voc(path.parent, **kwargs)

        return read

    def test_pixels_are_counted_from_one(self, read):
        # Pixels 11 to 20 lie between the edges 10 and 20.
        assert rows_of(read()) == [
            (
                'a.jpg',
                [40, 60],
                [[10, 0, 20, 40], [0.5, 1, 3, 4]],
                ['tin', 'box'],
                [False, True],
            )
        ]

    def test_edges_are_taken_as_they_are(self, read):
        assert read(offset=0).columns.boxes.tolist() == [
            [11, 1, 20, 40],
            [1.5, 2, 3, 4],
        ]

    def test_classes_are_by_alphabet_or_as_given(self, read):
        assert read().classes == ('box', 'tin')
        annotations = read(classes=['lid', 'tin', 'box'])
        assert annotations.columns.labels.tolist() == [1, 2]
        with pytest.raises(
            ValueError,
            match=r'a.xml, line 9: the class must '
            r"be one of \['tin'\], but is 'box'",
        ):
            read(classes=['tin'])

    def test_written_file(self, tmp_path):
        write_voc(
            make_set([[[0, 0, 10, 4.5]]], ignored=[True]), tmp_path / 'xml'
        )
        assert (tmp_path / 'xml/0.xml').read_text() == (
            '<annotation>\n  <filename>0.jpg</filename>\n'
            '  <size><width>60</width><height>40</height><depth>3</depth>'
            '</size>\n  <object>\n    <name>a</name>\n'
            '    <difficult>1</difficult>\n    <bndbox><xmin>1</xmin>'
            '<ymin>1</ymin><xmax>10</xmax><ymax>4.5</ymax></bndbox>\n'
            '  </object>\n</annotation>\n'
        )

    @pytest.mark.parametrize(
        'old, new, words',
        [
            (
                '<annotation ',
                '<!DOCTYPE x [<!ENTITY a "b">]><annotation ',
                "a.xml must be XML in UTF-8 without .* contains '<!DOCTYPE'",
            ),
            ('</annotation>', '', r'a.xml must be XML, but .*line 15'),
            (
                '<ymin>1<',
                '<ymin>one<',
                'line 5: every object must have a number '
                "as bndbox/ymin, not 'one'",
            ),
            ('<xmax>3</xmax>', '', 'line 9: .*bndbox/xmax, not None'),
            (
                '<xmax>3<',
                '<xmax>nan<',
                'line 9: a box must have finite corners',
            ),
            (
                '<xmax>20<',
                '<xmax>9<',
                'line 5: .* x1 <= x2 .* has 10, 0, 9, 40',
            ),
            ('<difficult>1<', '<difficult>yes<', "line 9: .*not 'yes'"),
            ('<name>box</name>', '', 'line 9: every object must have a name'),
            ('C:\\photos\\a.jpg', ' ', 'name its image in the tag filename'),
            ('<width>60<', '<width>wide<', 'must be whole numbers'),
            ('<width>60<', '<width>-60<', 'must be whole numbers'),
            ('<width>60<', '<width>9999999999<', 'at most 2147483647 pixels'),
            (
                '<width>60<',
                '<width>0<',
                "that of 'a.jpg' is not in the annota",
            ),
        ],
    )
    def test_refusals(self, read, old, new, words):
        assert old in VOC
        with pytest.raises(ValueError, match=words):
            read(VOC.replace(old, new))

    def test_boxes_from_0_are_noted(self, read):
        found = read(VOC.replace('<ymin>1<', '<ymin>0<'))
        [note] = found.notes
        assert note.startswith('1 boxes begin before pixel 1')
        assert read(VOC).notes == []
        assert read(VOC.replace('<ymin>1<', '<ymin>0<'), offset=0).notes == []

    def test_utf_16_cannot_hide_a_document_type(self, read):
        with pytest.raises(ValueError, match='must be XML in UTF-8'):
            read(VOC.replace('utf-8', 'utf-16').encode('utf-16'))

    def test_one_image_in_two_files(self, read, tmp_path):
        read()
        (tmp_path / 'xml/b.xml').write_text(VOC)
        with pytest.raises(ValueError, match='b.xml and .*a.xml both name'):
            read()

    def test_a_name_that_xml_cannot_hold(self, tmp_path):
        with pytest.raises(ValueError, match='XML cannot hold'):
            write_voc(make_set([[]], names=['\x01.jpg']), tmp_path / 'xml')
        assert list(tmp_path.iterdir()) == []


class TestYolo:
    @pytest.fixture
    def read(self, tmp_path, write_images):
        images = write_images(['a.jpg', 'sub/b.png'], [(40, 60), (10, 20)])

        def read(text='1 0.5 0.25 0.1 0.5\n', name='a.txt', **kwargs):
            path = tmp_path / 'labels' / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            kwargs = dict(images=images, classes=['tin', 'box'], **kwargs)
            return read_yolo(tmp_path / 'labels', **kwargs)

        return read

    def test_fractions_become_pixels(self, read):
        # x: (0.5 -+ 0.05) * 60 = 27, 33; y: (0.25 -+ 0.25) * 40 = 0, 20.
        assert rows_of(read()) == [
            ('a.jpg', [40, 60], [[27, 0, 33, 20]], ['box'], [False]),
            ('sub/b.png', [10, 20], [], [], []),
        ]

    def test_images_without_a_text_file_are_counted(self, read):
        # They could be those of another split.
        (note,) = read().notes
        assert note.startswith('1 of 2 images have no text file, sub/b.png')

    def test_written_file(self, tmp_path):
        # cx = 30 / 60, cy = 10 / 40; 60 pixels and 0 decimals: 0 + 1 + 2.
        write_yolo(make_set([[[27, 0, 33, 20]], []]), tmp_path / 'labels', 0)
        assert {
            path.name: path.read_text()
            for path in (tmp_path / 'labels').iterdir()
        } == {
            '0.txt': '0 0.500 0.250 0.100 0.500\n',
            '1.txt': '',
            'classes.txt': 'a\n',
        }

    def test_classes_come_from_their_file(self, read, tmp_path, write_images):
        read()
        images = tmp_path / 'images'
        with pytest.raises(ValueError, match='no .*classes.txt'):
            read_yolo(tmp_path / 'labels', images)
        (tmp_path / 'labels/classes.txt').write_text('x\r\ny\n\n')
        assert read_yolo(tmp_path / 'labels', images).classes == ('x', 'y')

    @pytest.mark.parametrize(
        'text, words',
        [
            ('\n0 0.5 0.5 0.1\n', 'a.txt, line 2 must be five numbers'),
            ('0 0.5 0.5 0.1 x\n', "five numbers, .* but is '0 0.5 0.5 0.1 x'"),
            (
                '2 0.5 0.5 0.1 0.1\n',
                'line 1: the class must be 0 to 1, but is 2',
            ),
            ('0.5 0.5 0.5 0.1 0.1\n', 'must be 0 to 1, but is 0.5'),
            ('0 30 20 6 20\n', 'must be fractions of the image size'),
            ('0 0.5 0.5 -0.1 0.1\n', 'must be fractions'),
            ('0 nan 0.5 0.1 0.1\n', 'must be fractions'),
        ],
    )
    def test_refusals(self, read, text, words):
        with pytest.raises(ValueError, match=words):
            read(text)

    def test_names_of_classes_are_one_line_each(self, read, tmp_path):
        for bad in ('a\nb', 'a\rb', ' '):
            with pytest.raises(ValueError, match='classes must be one line'):
                write_yolo(make_set([[]], classes=(bad,)), tmp_path / 'a')
        read()
        (tmp_path / 'labels/classes.txt').write_text('x\n\ny\n')
        with pytest.raises(ValueError, match='classes.txt, line 2 must be'):
            read_yolo(tmp_path / 'labels', tmp_path / 'images')

    def test_text_without_image_and_no_images(self, read, tmp_path):
        with pytest.raises(ValueError, match='1 have none, c.txt among them'):
            read(name='c.txt')
        with pytest.raises(ValueError, match='the images are needed'):
            read_yolo(tmp_path)

    def test_boxes_outside_and_ignored_ones(self, tmp_path):
        inside, outside = [0, 0, 60, 40], [50, 0, 61, 9]
        with pytest.raises(
            ValueError,
            match=r"1 do not, one of '1.jpg' "
            'among them. Clip them',
        ):
            write_yolo(make_set([[inside], [outside]]), tmp_path / 'a')
        written = write_yolo(
            make_set([[inside], [inside]], ignored=[True, False]),
            tmp_path / 'b',
        )
        assert written.notes == [
            'left out 1 ignored boxes, which YOLO cannot mark'
        ]
        assert (tmp_path / 'b/0.txt').read_text() == ''


CSV = (
    'Filename, XMIN,ymin,xmax,ymax,height,width,label,score\n'
    '"b,1.jpg",1,2,3.5,4,40,60,tin,0.5\n'
    '\n'
    'a.jpg,,,,,20,30,,\n'
    '"b,1.jpg",-5,6,7,8,40,60,box,0.5\n'
)


class TestCsv:
    @pytest.fixture
    def read(self, tmp_path):

        def read(text=CSV, **kwargs):
            path = tmp_path / 'in.csv'
            path.write_bytes(text.encode())
            return read_csv(path, **kwargs)

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
    def test_names_order_and_empty_images(self, read, change):
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

    def test_any_chunk_gives_the_same(self, read, monkeypatch):
        expected = rows_of(read())
        for rows in (1, 2, 3):
            monkeypatch.setattr(
                'dense_scene.datasets.importers.csv_table._CHUNK_ROWS', rows
            )
            assert rows_of(read()) == expected
            with pytest.raises(ValueError, match='row 5 must have a class'):
                read(CSV.replace('box', ''))

    def test_sku_layout_and_no_class(self, read):
        row = 'a.jpg,1,2,3,4,thing,60,40\n'
        assert rows_of(read(row)) == [
            ('a.jpg', [40, 60], [[1, 2, 3, 4]], ['thing'], [False])
        ]
        assert read(
            'image,x1,y1,x2,y2,width,height,ignored\na.jpg,1,2,3,4,60,40,1\n'
        ).classes == ('object',)

    def test_written_file(self, tmp_path):
        write_csv(
            make_set(
                [[[1, 2, 3.25, 4]], []], ignored=[True], classes=('a "b"',)
            ),
            tmp_path / 'a.csv',
            1,
        )
        # 3.25 lies in the middle: to the even digit, as IEEE 754 rounds.
        assert (tmp_path / 'a.csv').read_text() == (
            'image,x1,y1,x2,y2,class,image_width,image_height,ignored\n'
            '0.jpg,1,2,3.2,4,"a ""b""",60,40,1\n'
            '1.jpg,,,,,,60,40,\n'
        )

    def test_names_over_several_lines(self, tmp_path):
        odd = make_set([[[1, 2, 3, 4]]], classes=('a\nb',))
        write_csv(odd, tmp_path / 'in.csv')
        assert rows_of(read_csv(tmp_path / 'in.csv')) == rows_of(odd)
        with pytest.raises(ValueError, match='without commas, quotes and new'):
            write_sku(odd, tmp_path / 'b.csv')

    def test_blanks_around_a_class_mean_nothing(self, read):
        found = read(
            'image,x1,y1,x2,y2,class,width,height\n'
            'a.jpg,1,2,3,4,my cat ,60,40\n'
            'a.jpg,1,2,3,4, my cat,60,40\n'
        )
        assert found.classes == ('my cat',)

    @pytest.mark.parametrize(
        'text, words',
        [
            ('', 'in.csv must hold a row per box, but is empty'),
            ('image,x1,y1,x2\n', 'header .*, but y2 is missing'),
            ('a.jpg,1,2,3,4\n', 'or have the 8 columns of SKU-110K'),
            (
                CSV.replace(',3.5,', ',wide,'),
                "row 2 must have a number as x2, but has 'wide'",
            ),
            (CSV.replace(',-5,', ',inf,'), 'row 5 must have a number as x1'),
            (
                CSV.replace(',-5,', ',,'),
                'row 5 must have four corners, or none',
            ),
            (
                CSV.replace(',-5,', ',9,'),
                'row 5: a box must have finite corners',
            ),
            (CSV.replace('box,0.5', 'box'), 'row 5 must have 9 columns'),
            (CSV.replace('box', ''), 'row 5 must have a class'),
            (CSV.replace('a.jpg', ''), 'row 4 must name an image'),
            (
                CSV.replace('8,40', '8,41'),
                'row 5: the image size must be that of '
                "row 2, but 'b,1.jpg' has another",
            ),
            (
                CSV.replace('"b,1.jpg",-5', '"b'),
                'must be CSV .* cannot be parsed',
            ),
            (
                CSV.replace('8,40', '8,1e12'),
                "row 5 must have a whole number .* as height, but has '1e12'",
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
    def test_refusals(self, read, text, words):
        with pytest.raises(ValueError, match=words):
            read(text)


class TestCoco:
    def test_order_of_file_crowd_and_ids(self, coco_file):
        assert rows_of(read_coco(coco_file())) == [
            ('b.jpg', [40, 60], [[0, 0, 60, 40]], ['tin'], [True]),
            ('a.jpg', [20, 30], [[1, 2, 11, 7]], ['box'], [False]),
        ]

    def test_written_numbers_have_no_noise(self, tmp_path):
        # 0.3 - 0.1 is 0.19999999999999998, 0.1 * 3 0.30000000000000004.
        write_coco(make_set([[[0.1, 0.1, 0.3, 3.1]]]), tmp_path / 'a.json')
        assert (
            '"bbox": [0.1, 0.1, 0.2, 3], "area": 0.6, '
            in (tmp_path / 'a.json').read_text()
        )

    @pytest.mark.parametrize(
        'changes, words',
        [
            (
                dict(categories=[dict(id=5, name='tin')]),
                'annotation 1, category_id .* known category, but got 2',
            ),
            (
                dict(images=[dict(id=3, file_name='a.jpg')]),
                'annotation 2, image_id .* known image',
            ),
            (dict(images=[dict(id=3), dict(id=7)]), 'must have file_name'),
            (
                dict(categories=[dict(id=5, name='a'), dict(id=5, name='b')]),
                'category must have an id of its own',
            ),
            (
                dict(categories=[dict(id=5, name='a'), dict(id=2, name='a')]),
                'every class must have a name of its own, '
                "but 'a' occurs twice",
            ),
            (
                dict(
                    images=[
                        dict(id=3, file_name='a.jpg', height=1, width=1),
                        dict(id=7, file_name='a.jpg', height=1, width=1),
                    ]
                ),
                'every image must have a name of its own',
            ),
            (
                dict(
                    images=[
                        dict(id=3, file_name='a.jpg', height=1, width=1),
                        dict(id=7, file_name='b.jpg'),
                    ]
                ),
                "that of 'b.jpg' is not in the annotations",
            ),
            (
                dict(
                    images=[
                        dict(id=3, file_name='a.jpg', height=1, width=10**11),
                        dict(id=7, file_name='b.jpg', height=1, width=1),
                    ]
                ),
                r'images\[0\].width must be int <= 2147483647',
            ),
            (
                dict(
                    images=[
                        dict(id=3, file_name='a.jpg', height=1, width=10**30),
                        dict(id=7, file_name='b.jpg', height=1, width=1),
                    ]
                ),
                r'images\[0\].width must be int <= 2147483647',
            ),
            (
                dict(
                    annotations=[
                        dict(image_id=3, category_id=2, bbox=[9, 0, -1, 5])
                    ]
                ),
                'annotation 1: a box must have finite corners',
            ),
        ],
    )
    def test_refusals(self, coco_file, changes, words):
        with pytest.raises(ValueError, match=words):
            read_coco(coco_file(**changes))
