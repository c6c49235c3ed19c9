"""The function behind ``dense-scene convert``."""

import pytest

from dense_scene.datasets.importers.coco_format import read_coco, write_coco
from dense_scene.datasets.importers.convert import TARGETS, convert_annotations
from dense_scene.datasets.importers.read_annotations import guess_format

from .conftest import make_set, rows_of


@pytest.mark.parametrize('target_format', TARGETS)
def test_every_target(coco_file, tmp_path, target_format, write_images):
    write_images(['b.jpg', 'a.jpg'], [(40, 60), (20, 30)])
    source, images = coco_file(), tmp_path / 'images'
    target = tmp_path / 'new' / 'out'
    convert_annotations(source, target, 'coco', target_format, images)
    back = tmp_path / 'back.json'
    convert_annotations(
        target, back, target_format, 'coco', images, classes=['tin', 'box']
    )
    assert rows_of(read_coco(back).checked()) == rows_of(
        read_coco(source).checked()
    )
    # Nothing but the result is left in the folder.
    assert [path.name for path in target.parent.iterdir()] == ['out']


def test_the_offset_reaches_voc_files(tmp_path):
    (tmp_path / 'xml').mkdir()
    (tmp_path / 'xml/a.xml').write_text(
        '<annotation><filename>a.jpg</filename><size><width>60</width>'
        '<height>40</height></size><object><name>a</name><bndbox><xmin>1'
        '</xmin><ymin>2</ymin><xmax>11</xmax><ymax>7</ymax></bndbox></object>'
        '</annotation>'
    )
    for offset in (0, 1):
        result = convert_annotations(
            tmp_path / 'xml',
            tmp_path / 'a.csv',
            'voc',
            'csv',
            voc_offset=offset,
        )
        assert rows_of(result)[0][2] == [[1 - offset, 2 - offset, 11, 7]]


def test_clip(tmp_path):
    # 60 x 40: one reaches out, one lies outside, one is a point inside.
    write_coco(
        make_set([[[-5, 10, 70, 20], [61, 0, 70, 9], [3, 3, 3, 3]]]),
        tmp_path / 'a.json',
        3,
    )
    result = convert_annotations(
        tmp_path / 'a.json', tmp_path / 'b.json', 'coco', 'coco', clip=True
    )
    assert rows_of(result)[0][2] == [[0, 10, 60, 20], [3, 3, 3, 3]]
    assert result.notes[1:] == [
        'clipped 1 boxes to their image, left out 1 outside of it'
    ]
    assert '2 of 3 boxes (66.7%) reach out' in result.notes[0]
    assert 'a.json, annotation 1' in result.notes[0]


def test_sizes_are_compared_with_the_files(coco_file, tmp_path, write_images):
    images = write_images(['b.jpg', 'a.jpg'], [(40, 60), (20, 31)])
    request = (coco_file(), tmp_path / 'out.csv', 'coco', 'csv', images)
    with pytest.raises(
        ValueError, match='1 of 2 .* a.jpg is 31x20, not 30x20'
    ):
        convert_annotations(*request)
    (images / 'a.jpg').unlink()
    with pytest.raises(FileNotFoundError, match="1 of 2 .*'a.jpg' among"):
        convert_annotations(*request)
    assert not (tmp_path / 'out.csv').exists()


def test_results_in_the_way(coco_file, tmp_path):
    source = coco_file()
    with pytest.raises(ValueError, match='target must be a file, but'):
        convert_annotations(source, tmp_path, 'coco', 'csv')
    with pytest.raises(ValueError, match='must not be a source'):
        convert_annotations(source, source, 'coco', 'coco')


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(source_format='json'), "one of 'coco', .* but got 'json'"),
        (dict(target_format='voc'), "one of 'coco', .* but got 'voc'"),
        (dict(digits=7), 'digits must be one of 0, .* 6, but got 7'),
        (
            dict(images='nowhere'),
            '2 of 2 .* not in nowhere, which is not a folder',
        ),
        (dict(source='nowhere'), "source of coco must be a file, but 'nowhe"),
        (dict(source_format='voc'), 'in.json is not a folder'),
        (
            dict(source_format='yolo', images='nowhere'),
            'nowhere is not a folder',
        ),
    ],
)
def test_wrong_request(coco_file, tmp_path, change, words):
    request = dict(
        source=coco_file(),
        target=tmp_path / 'a.csv',
        source_format='coco',
        target_format='csv',
    )
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        convert_annotations(**{**request, **change})


@pytest.mark.parametrize('source_format', ['voc', 'yolo', 'csv', 'coco'])
def test_nothing_to_convert(tmp_path, write_images, source_format):
    images = write_images(['a.png'], [(4, 6)])
    if source_format in ('voc', 'yolo'):
        source = tmp_path / 'empty'
        source.mkdir()
        if source_format == 'yolo':
            (source / 'classes.txt').write_text('a\n')
    else:
        source = tmp_path / 'empty.txt'
        source.write_text(
            'image,x1,y1,x2,y2\n'
            if source_format == 'csv'
            else '{"images": [], "annotations": [], "categories": []}'
        )
    with pytest.raises(ValueError, match='holds none') as error:
        convert_annotations(
            source, tmp_path / 'out.json', source_format, 'coco', images=images
        )
    assert '\n' not in str(error.value)
    assert not (tmp_path / 'out.json').exists()


def test_formats_are_guessed(coco_file, tmp_path, write_images):
    images = write_images(['a.png'], [(4, 6)])
    assert guess_format(coco_file()) == 'coco'
    for name, text, expected in (
        ('a.csv', 'image,x1,y1,x2,y2\n', 'csv'),
        ('b.csv', 'a.jpg,1,2,3,4,object,60,40\n', 'sku'),
        ('a.xml', '<annotations/>', 'cvat'),
        ('xml/sub/a.xml', '<annotation/>', 'voc'),
        ('labels/a.txt', '', 'yolo'),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        top = tmp_path / path.relative_to(tmp_path).parts[0]
        assert guess_format(top) == expected
    for wrong in (images, images / 'a.png'):
        with pytest.raises(ValueError, match='must be a .json, .csv or .xml'):
            guess_format(wrong)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        guess_format(tmp_path / 'none.json')
