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
    expected = rows_of(read_coco(source))
    if target_format in ('yolo', 'sku'):  # have no ignored boxes
        expected[0] = (*expected[0][:2], [], [], [])
    if target_format == 'sku':  # has no images without boxes
        del expected[0]
    assert sorted(rows_of(read_coco(back))) == sorted(expected)
    # Nothing but the results is left in the folders.
    assert [path.name for path in target.parent.iterdir()] == ['out']


def test_voc_offset_works_in_both_directions(coco_file, tmp_path):
    convert_annotations(
        coco_file(), tmp_path / 'xml', 'coco', 'voc', voc_offset=0
    )
    assert '<xmin>1</xmin>' in (tmp_path / 'xml/a.xml').read_text()
    result = convert_annotations(
        tmp_path / 'xml', tmp_path / 'a.csv', 'voc', 'csv', voc_offset=0
    )
    assert rows_of(result)[0][2] == [[1, 2, 11, 7]]


def test_clip(tmp_path):
    # 60 x 40: one reaches out, one lies outside, one is a point inside.
    write_coco(
        make_set([[[-5, 10, 70, 20], [61, 0, 70, 9], [3, 3, 3, 3]]]),
        tmp_path / 'a.json',
    )
    result = convert_annotations(
        tmp_path / 'a.json', tmp_path / 'b.json', 'coco', 'coco', clip=True
    )
    assert rows_of(result)[0][2] == [[0, 10, 60, 20], [3, 3, 3, 3]]
    assert result.notes == [
        'clipped 1 boxes to their image, left out 1 outside of it'
    ]


def test_sizes_are_compared_with_the_files(coco_file, tmp_path, write_images):
    images = write_images(['b.jpg', 'a.jpg'], [(40, 60), (20, 31)])
    request = (coco_file(), tmp_path / 'out.csv', 'coco', 'csv', images)
    with pytest.raises(ValueError, match="'a.jpg' is 31x20, not 30x20"):
        convert_annotations(*request)
    (images / 'a.jpg').unlink()
    with pytest.raises(ValueError, match="'a.jpg' does not exist"):
        convert_annotations(*request)
    assert not (tmp_path / 'out.csv').exists()


@pytest.mark.parametrize('name', ['../a.jpg', '/tmp/a.jpg', 'x/../../a.jpg'])
@pytest.mark.parametrize('target_format', ['voc', 'yolo'])
def test_names_cannot_lead_out_of_the_folder(
    coco_file, tmp_path, name, target_format
):
    source = coco_file(
        annotations=[], images=[dict(id=1, file_name=name, height=9, width=9)]
    )
    with pytest.raises(ValueError, match='must lie below the image folder'):
        convert_annotations(source, tmp_path / 'a/b', 'coco', target_format)
    assert not list(tmp_path.rglob('*.xml')) + list(tmp_path.rglob('*.txt'))


def test_one_stem_for_two_images(coco_file, tmp_path):
    source = coco_file(
        annotations=[],
        images=[
            dict(id=i, file_name=f'a.{suffix}', height=9, width=9)
            for i, suffix in enumerate(['jpg', 'png'])
        ],
    )
    with pytest.raises(ValueError, match="got 'a.jpg' and 'a.png'"):
        convert_annotations(source, tmp_path / 'xml', 'coco', 'voc')


def test_results_in_the_way(coco_file, tmp_path):
    source = coco_file()
    (tmp_path / 'xml').mkdir()
    convert_annotations(source, tmp_path / 'xml', 'coco', 'voc')
    with pytest.raises(ValueError, match='must be a new or an empty folder'):
        convert_annotations(source, tmp_path / 'xml', 'coco', 'voc')
    with pytest.raises(ValueError, match='target must be a file, but'):
        convert_annotations(source, tmp_path / 'xml', 'coco', 'csv')
    with pytest.raises(ValueError, match='must not be a source'):
        convert_annotations(source, source, 'coco', 'coco')


@pytest.mark.parametrize(
    'change, words',
    [
        (dict(source_format='json'), "one of coco, .* but got 'json'"),
        (dict(digits=7), 'digits must be 0 to 6, but got 7'),
        (dict(images='nowhere'), 'images must be a folder, but nowhere'),
        (
            dict(source='nowhere'),
            'source must be a file for coco, but nowhere',
        ),
        (dict(source_format='voc'), 'source must be a folder for voc'),
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
    source = coco_file()
    assert guess_format(source) == 'coco'
    for target in ('voc', 'yolo', 'csv', 'sku'):
        out = tmp_path / f'{target}.csv'  # a folder for the first two
        convert_annotations(source, out, 'coco', target)
        assert guess_format(out) == target
    for wrong in (images, images / 'a.png'):
        with pytest.raises(ValueError, match='must be a .json or .csv file'):
            guess_format(wrong)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        guess_format(tmp_path / 'none.json')
