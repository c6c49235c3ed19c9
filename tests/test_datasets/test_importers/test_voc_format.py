"""Pascal VOC against text written by hand, and what is refused."""

import gc

import pytest

from dense_scene.datasets.importers import voc_format
from dense_scene.datasets.importers.voc_format import read_voc

from .conftest import rows_of

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


@pytest.fixture
def read(tmp_path):
    def read(content=VOC, classes=None, **kwargs):
        path = tmp_path / 'xml/a.xml'
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        return read_voc(path.parent, **kwargs).checked(classes=classes)

    return read


def test_pixels_are_counted_from_one(read):
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


def test_edges_are_taken_as_they_are(read):
    assert read(offset=0).columns.boxes.tolist() == [
        [11, 1, 20, 40],
        [1.5, 2, 3, 4],
    ]


def test_classes_are_by_alphabet_or_as_given(read):
    assert read().classes == ('box', 'tin')
    annotations = read(classes=['lid', 'tin', 'box'])
    assert annotations.columns.labels.tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"a.xml, line 9: .*'box'"):
        read(classes=['tin'])


def test_the_boxes_are_those_of_hotcoco(read, tmp_path):
    hotcoco = pytest.importorskip('hotcoco')
    ours = read().columns.boxes
    peer = hotcoco.COCO.from_voc(str(tmp_path / 'xml')).dataset['annotations']
    for box, item in zip(ours.tolist(), peer, strict=True):
        x, y, w, h = item['bbox']
        assert box == pytest.approx([x, y, x + w, y + h])


@pytest.mark.parametrize(
    'old, new, words',
    [
        (
            '<annotation ',
            '<!DOCTYPE x [<!ENTITY a "b">]><annotation ',
            'a.xml must be XML without a document type',
        ),
        ('</annotation>', '', r'a.xml must be XML, but .*line 15'),
        ('<ymin>1<', '<ymin>one<', "line 5: .* a bndbox .*'ymin': 'one'"),
        ('<xmax>3</xmax>', '', "line 9: .* a bndbox .*'xmax': None"),
        ('<xmax>3<', '<xmax>nan<', 'line 9: .* finite'),
        ('<xmax>20<', '<xmax>9<', 'line 5: .* x1 <= x2 .* 11, 1, 9, 40'),
        (
            '<difficult>1<',
            '<difficult>yes<',
            "line 9: .* 0 or 1 as difficult.*'yes'",
        ),
        ('<name>box</name>', '', "line 9: .* a name.*'name': ''"),
        ('C:\\photos\\a.jpg', ' ', 'a.xml must name its image'),
        ('<width>60<', '<width>wide<', "a.xml: .* integers, .*'wide'"),
        ('<width>60<', '<width>-60<', "a.xml: .* integers, .*'-60'"),
        (
            '<width>60<',
            '<width>9999999999<',
            'is 9999999999x40 in the annotations',
        ),
        ('<width>60<', '<width>0<', "that of 'a.jpg' is 0x40 in the annotat"),
    ],
)
def test_refusals(read, old, new, words):
    assert old in VOC
    with pytest.raises(ValueError, match=words) as error:
        read(VOC.replace(old, new))
    assert '\n' not in str(error.value)
    assert gc.isenabled()


def test_boxes_from_0_are_noted(read):
    early = VOC.replace('<ymin>1<', '<ymin>0<')
    [note] = read(early).notes
    assert note.startswith('1 boxes begin before pixel 1')
    assert read(VOC).notes == []
    assert read(early, offset=0).notes == []


def test_utf_16_is_read_and_cannot_hide_a_document_type(read):
    text = VOC.replace('utf-8', 'utf-16')
    assert rows_of(read(text.encode('utf-16'))) == rows_of(read())
    text = text.replace('<annotation ', '<!DOCTYPE x><annotation ')
    with pytest.raises(ValueError, match='document type'):
        read(text.encode('utf-16'))


def test_one_image_in_two_files(read, tmp_path):
    read()
    (tmp_path / 'xml/b.xml').write_text(VOC)
    with pytest.raises(
        ValueError, match="'a.jpg' occurs twice: .*a.xml and .*b.xml"
    ):
        read()


def test_folders_in_the_folder_are_read(read, tmp_path):
    read()
    (tmp_path / 'xml/sub').mkdir()
    (tmp_path / 'xml/sub/a.xml').write_text(VOC)
    assert read().names == ['a.jpg', 'sub/a.jpg']


def test_the_collector_is_left_as_it_was(read, monkeypatch):
    states = []

    def parse(path):
        states.append(gc.isenabled())
        raise KeyboardInterrupt

    monkeypatch.setattr(voc_format, 'parse_xml', parse)
    with pytest.raises(KeyboardInterrupt):
        read()
    assert states == [False] and gc.isenabled()


def test_a_point_is_not_inverted_by_the_offset(read):
    # 1.002 - 1 is above 0.002 in floating point.
    point = VOC.replace('<xmin>11<', '<xmin>1.002<')
    found = read(point.replace('<xmax>20<', '<xmax>0.002<'))
    x1, _, x2, _ = found.columns.boxes[0]
    assert x1 == x2 == pytest.approx(0.002)


@pytest.mark.parametrize(
    'text, words',
    [
        (
            '<annotations><image name="a.jpg" width="60" height="40"/>'
            '</annotations>',
            "root is annotation, but .*'annotations'. It is of CVAT",
        ),
        ('<project><name>x</name></project>', "has the root 'project'.$"),
    ],
)
def test_other_xml_is_no_image_without_objects(read, text, words):
    with pytest.raises(ValueError, match=words):
        read(text)
