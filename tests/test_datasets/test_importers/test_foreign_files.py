"""Names, classes and boxes as other programs leave them."""

import json
import unicodedata

import pytest

from dense_scene.datasets.importers.read_annotations import read_annotations

VOC = (
    '<annotation><filename>{name}</filename><object><name>瓶</name><bndbox>'
    '<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>8</ymax></bndbox>'
    '</object></annotation>'
)


def coco(name: str) -> str:
    return json.dumps(
        dict(
            images=[dict(id='x', file_name=name, width=60, height=40)],
            categories=[dict(id=1, name='mug')],
            annotations=[dict(image_id='x', category_id=1, bbox=[1, 2, 3, 4])],
        )
    )


@pytest.mark.parametrize(
    'name, words',
    [
        ('..\\..\\upload\\größe.jpg', 'Windows'),
        ('images/größe.jpg', 'its folder'),
        ('GRÖSSE.JPG'.replace('SS', 'ß'), 'its case'),
        ('gr%C3%B6%C3%9Fe.jpg', 'percent-encoding'),
        (unicodedata.normalize('NFD', 'größe.jpg'), 'Unicode form'),
        ('größe', 'its suffix'),
    ],
)
def test_the_file_that_is_meant_is_taken(tmp_path, write_images, name, words):
    images = write_images(['größe.jpg'], [(40, 60)])
    path = tmp_path / 'a.json'
    path.write_text(coco(name))
    found = read_annotations(path, 'coco', images)
    assert found.names == ['größe.jpg']
    assert '1 of 1 names' in found.notes[0] and words in found.notes[0]


def test_without_the_folder_odd_names_are_told(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(coco('images\\a.jpg'))
    (note,) = read_annotations(path, 'coco').notes
    assert 'hold Windows separators' in note
    path.write_text(coco('..\\a.jpg'))
    with pytest.raises(ValueError, match='image 1 must name a file below'):
        read_annotations(path, 'coco')


@pytest.mark.parametrize('name', ['', 'DSC_1.JPG', 'größe'])
@pytest.mark.parametrize('encoding', ['utf-8', 'utf-16', 'gb2312'])
def test_an_image_that_is_called_like_its_xml(
    tmp_path, write_images, name, encoding
):
    images = write_images(['a.jpg'], [(40, 60)])
    (tmp_path / 'xml').mkdir()
    text = f'<?xml version="1.0" encoding="{encoding}"?>'
    text += VOC.format(name=name.replace('öße', ''))
    (tmp_path / 'xml/a.xml').write_bytes(text.encode(encoding))
    found = read_annotations(tmp_path / 'xml', 'voc', images)
    assert (found.names, found.classes) == (['a.jpg'], ('瓶',))
    assert found.columns.boxes.tolist() == [[0, 0, 9, 8]]
    if not name:
        with pytest.raises(ValueError, match='a.xml must name its image'):
            read_annotations(tmp_path / 'xml', 'voc')


@pytest.mark.parametrize(
    'path, text',
    [
        ('set/labels/classes.txt', 'tin\nbox\n'),
        ('set/classes.txt', 'tin\nbox\n'),
        ('set/obj.names', 'tin\nbox\n'),
        ('data.yaml', 'names: [tin, box]\n'),
        ('data.yaml', 'names:\n  1: box\n  0: tin\n'),
        ('data.yaml', 'names:\n  "1": box\n  0: tin\n'),
    ],
)
def test_classes_of_yolo_are_found(tmp_path, write_images, path, text):
    images = write_images(['a.jpg'], [(40, 60)])
    labels = tmp_path / 'set/labels'
    labels.mkdir(parents=True)
    (labels / 'a.txt').write_text('1 0.5 0.5 0.5 0.5\n')
    (tmp_path / path).write_text(text)
    found = read_annotations(labels, 'yolo', images)
    assert found.classes == ('tin', 'box')
    assert found.columns.labels.tolist() == [1]


def test_names_in_yaml_stay_as_they_are_written(tmp_path, write_images):
    """YAML takes them for a truth value, a number and nothing."""
    images = write_images(['a.jpg'], [(40, 60)])
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels/a.txt').write_text('0 0.5 0.5 0.5 0.5\n')
    (tmp_path / 'labels/data.yaml').write_text('names: [no, 1.50, null]\n')
    found = read_annotations(tmp_path / 'labels', 'yolo', images)
    assert found.classes == ('no', '1.50', 'null')


@pytest.mark.parametrize(
    'text', ['names: 5', 'names: []', '[', 'names: {1: a}', 'names: [[a]]']
)
def test_yaml_without_names_is_refused(tmp_path, write_images, text):
    images = write_images(['a.jpg'], [(40, 60)])
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels/a.txt').write_text('0 0.5 0.5 0.5 0.5\n')
    (tmp_path / 'data.yaml').write_text(text)
    with pytest.raises(
        ValueError, match='data.yaml must have a list'
    ) as error:
        read_annotations(tmp_path / 'labels', 'yolo', images)
    assert '\n' not in str(error.value)


@pytest.fixture
def yolo(tmp_path, write_images):
    images = write_images(['a.jpg'], [(40, 60)])

    def read(text: str, **files: str):
        (tmp_path / 'labels').mkdir(exist_ok=True)
        (tmp_path / 'labels/a.txt').write_text(text)
        for name, content in files.items():
            (tmp_path / f'labels/{name}.txt').write_text(content)
        return read_annotations(tmp_path / 'labels', 'yolo', images, ['tin'])

    return read


def test_a_confidence_is_left_out_with_a_count(yolo):
    found = yolo('0 0.5 0.5 0.5 0.5 0.9\n0 0.5 0.5 0.5 0.5\n')
    # 60 x 40: half of each about the center.
    assert found.columns.boxes.tolist() == [[15, 10, 45, 30]] * 2
    assert found.notes[0].startswith('1 of 2 labels have a sixth column')


def test_a_little_outside_is_told_with_its_line(yolo):
    # 60 x (1.05 - 0.05) to 60 x 1.1.
    found = yolo('0 0.5 0.5 0.5 0.5\n0 1.05 0.5 0.1 0.5\n')
    assert found.columns.boxes[1].tolist() == pytest.approx([60, 10, 66, 30])
    (note,) = found.notes
    assert 'a.txt, line 2: --clip cuts them' in note


def test_a_list_of_images_is_no_label(yolo):
    assert len(yolo('', train='data/obj_train_data/a.jpg\n').columns) == 1


@pytest.mark.parametrize(
    'line, words',
    [
        ('0 30 20 10 5', 'is in pixels'),
        ('0 0.1 0.1 0.2 0.2 0.3 0.1 0.5', 'is a polygon'),
        ('0 0.5 0.5 -0.1 0.5', 'five numbers'),
        ('0 0.5 0.5 nan 0.5', 'five numbers'),
    ],
)
def test_what_is_no_box_of_yolo(yolo, line, words):
    with pytest.raises(ValueError, match=f'a.txt, line 1 must be .*{words}'):
        yolo(line)


def test_one_text_file_for_two_images(yolo, write_images):
    write_images(['a.png'], [(40, 60)])
    with pytest.raises(ValueError, match='a.jpg and a.png'):
        yolo('0 0.5 0.5 0.5 0.5')
