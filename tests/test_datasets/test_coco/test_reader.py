"""The COCO reader agrees with json, and says what is wrong with a file."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dense_scene.datasets.coco.reader import read_coco_json

KEYS = ('images', 'annotations', 'categories')


def annotations(count: int) -> list[dict]:
    """Of images 0 to 4 and categories 7 and 8, in no order of the images."""
    return [
        dict(
            id=i,
            image_id=i % 5,
            category_id=7 + i % 2,
            bbox=[i, 0.5, 10, 2.25],
            area=i + 0.125,
            iscrowd=i % 2,
        )
        for i in range(count)
    ]


def coco(items: list[dict], **lists) -> dict:
    content = dict(
        images=[
            dict(id=i, file_name=f'größe{i}.jpg', width=60, height=40)
            for i in range(5)
        ],
        annotations=items,
        categories=[dict(id=8, name='b'), dict(id=7, name='a')],
    )
    return {**content, **lists}


@pytest.fixture
def read(tmp_path):

    def read(content: dict | str | bytes, needs=(), **style):
        path = tmp_path / 'train.json'
        if isinstance(content, dict):
            content = json.dumps(content, **style)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return read_coco_json(str(path), needs)

    return read


def check(file, content: dict):
    """Compare with what json made of the same file."""
    items = content['annotations']
    boxes = [item['bbox'] for item in items]
    for what, known in (('image', 'images'), ('category', 'categories')):
        ids = [item['id'] for item in content[known]]
        assert getattr(file, f'{what}_ids').tolist() == ids
        assert getattr(file, f'{what}_of_box').tolist() == [
            ids.index(item[f'{what}_id']) for item in items
        ]
    assert file.boxes.shape == (len(items), 4)
    assert file.boxes.tolist() == boxes
    assert file.areas.tolist() == [
        item.get('area', box[2] * box[3]) for item, box in zip(items, boxes)
    ]
    for column, key in ((file.crowd, 'iscrowd'), (file.ignore, 'ignore')):
        assert column.tolist() == [bool(item.get(key)) for item in items]


@pytest.mark.parametrize('count', [0, 1, 2, 600, 2500])
@pytest.mark.parametrize('order', [KEYS, KEYS[::-1], KEYS[1:] + KEYS[:1]])
@pytest.mark.parametrize('style', [{}, dict(indent=1, ensure_ascii=False)])
def test_any_order_of_keys(read, order, count, style):
    content = coco(annotations(count))
    file = read({key: content[key] for key in order}, **style)
    check(file, content)
    assert file.file_names[4] == 'größe4.jpg'
    assert file.sizes.tolist() == [[40, 60]] * 5
    assert file.classes == ['b', 'a']


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_floats_are_those_of_json(read, box):
    item = dict(image_id=1, category_id=8, bbox=box)
    assert read(coco([item])).boxes.tolist() == [box]


def test_optional_fields(read):
    item = dict(image_id=1, category_id=8, bbox=[1, 2, 3, 4])
    items = [item, {**item, 'area': 5, 'ignore': 1}, {**item, 'iscrowd': None}]
    check(read(coco(items)), coco(items))
    file = read(coco([], images=[dict(id=1, height=None)]))
    assert file.file_names == [''] and file.sizes.tolist() == [[0, 0]]


def test_unknown_fields_and_inner_keys_of_the_same_name(read):
    items = annotations(9)
    for item in items[::3]:
        item.update(note='é},{"', segmentation=[[1, 2, 3]], annotations=[])
    content = dict(info=dict(annotations=[7]), **coco(items))
    check(read(content, ensure_ascii=False), content)


def test_numbers_as_text(read):
    text = dict(
        image_id='1',
        category_id='8',
        bbox=['1', '2.5', '3', '4'],
        area='9',
        iscrowd='0',
        ignore='1',
    )
    image = dict(id='1', file_name='a.jpg', width='60', height='40.0')
    category = dict(id='8', name='b')
    file = read(coco([text], images=[image], categories=[category]))
    assert file.image_ids.tolist() == [1]
    assert file.category_ids.tolist() == [8]
    assert file.sizes.tolist() == [[40, 60]]
    assert file.boxes.tolist() == [[1, 2.5, 3, 4]]
    assert file.areas.tolist() == [9]
    assert (file.crowd[0], file.ignore[0]) == (False, True)


@pytest.mark.parametrize(
    'flag', [0, 0.0, '0', False, 'false', None, 1, '1', True]
)
def test_flags(read, flag):
    item = dict(image_id=1, category_id=8, bbox=[1, 2, 3, 4], iscrowd=flag)
    assert read(coco([item])).crowd.tolist() == [flag in (1, '1')]


@pytest.mark.parametrize(
    'ids, found',
    [
        ([5, '6'], [5, 6]),
        (['007', '7'], ['007', '7']),
        (['1_0', 10], ['1_0', '10']),
        (['a', 2], ['a', '2']),
        ([2**60, -1], [2**60, -1]),
        ([2**80, 1], [str(2**80), '1']),
    ],
)
def test_ids(read, ids, found):
    # In the annotations each is written the other way, number or text.
    other = [str(id) if isinstance(id, int) else id for id in ids]
    items = [dict(image_id=id, category_id=8, bbox=[0] * 4) for id in other]
    images = [dict(id=id) for id in ids]
    # In a chunk of their own, they are numbers where they can be.
    file = read(coco(items[::-1] * 1024, images=images))
    assert file.image_ids.tolist() == found
    assert file.image_of_box.tolist() == [1, 0] * 1024


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-32'])
def test_byte_order_marks(read, encoding):
    content = coco(annotations(7))
    text = json.dumps(content, ensure_ascii=False)
    check(read(text.encode(encoding)), content)


GOOD = coco(annotations(3))
CUT = json.dumps(GOOD)[:-60]


def changed(**fields) -> dict:
    """The third annotation has these fields."""
    return coco([*annotations(2), {**annotations(3)[2], **fields}])


@pytest.mark.parametrize(
    'content, words',
    [
        (changed(bbox=[1]), ['annotation 3: bbox must be four numbers']),
        (changed(bbox=None), ['annotation 3: must have bbox']),
        (changed(iscrowd=2), ['annotation 3: iscrowd must be 0 or 1']),
        (changed(bbox=[0, 0, 1e39, 1]), ['annotation 3: bbox must be finite']),
        (changed(bbox=[0, 'inf', 1, 1]), ['annotation 3: bbox must be fin']),
        (
            changed(bbox=[1, 'wide', 3, 4]),
            ['annotation 3: bbox[1] must be float, but got str', '"wide"'],
        ),
        (changed(bbox='1234'), ['annotation 3: bbox', 'but got str']),
        (changed(iscrowd='no'), ['annotation 3: iscrowd', 'but got str']),
        (changed(category_id=None), ['annotation 3: category_id', 'null']),
        (changed(image_id=1.5), ['annotation 3: image_id', 'but got float']),
        (coco([dict(bbox=[1, 2, 3, 4])]), ['annotation 1', 'image_id']),
        (coco([7]), ['annotation 1', 'but got int: 7']),
        (
            changed(image_id=9),
            ['annotation 3, image_id', 'known image, but got 9', '1 of 3'],
        ),
        (changed(category_id='x'), ["known category, but got 'x'"]),
        (
            coco([], images=[dict(id=1), dict(id='1')]),
            ['every image must have an id of its own'],
        ),
        (coco([], images=[dict(id=1, width=2.5)]), ['images[0].width']),
        (coco([], images=[dict(id=1, width=-1)]), ['images[0].width', '>= 0']),
        (coco([], images=[dict(id=1, width=2**31)]), ['images[0].width']),
        (coco([], categories=[dict(id=1)]), ['categories[0]', 'name']),
        (dict(images=[], annotations=[]), ['must have categories']),
        (dict(annotations=[], categories=[]), ['must have images']),
        ({**GOOD, 'categories': {}}, ['categories must be array, but got']),
        ('[]', ['COCO JSON file', 'got array']),
        ('', ['breaks off']),
        ('{"images": [', ['breaks off']),
        (CUT, ['breaks off']),
        ('[' * 100_000, ['must be a COCO JSON file']),
        ('{"annotations": [' + '[' * 100_000, ['must be a COCO JSON file']),
        (json.dumps(GOOD).replace('0.5', '0,,5'), ['malformed', '0,,5']),
        (changed(area=float('nan')), ['malformed', '"area": NaN']),
        (
            json.dumps(GOOD, ensure_ascii=False).encode('latin-1'),
            ['UTF-8', 'cp1252'],
        ),
    ],
)
def test_errors(read, content, words):
    with pytest.raises(ValueError) as caught:
        read(content)
    message = str(caught.value)
    assert '\n' not in message and len(message) < 400
    for word in ['train.json', *words]:
        assert word in message


def test_fields_that_images_need(read):
    content = coco([], images=[dict(id=1, width=3, height=0)])
    with pytest.raises(ValueError, match='image 1 .* lacks height') as caught:
        read(content, ('width', 'height'))
    assert 'train.json' in str(caught.value)
    assert len(read(content, ('width',)).file_names) == 1


def test_sizes_and_areas_that_are_not_known(read):
    # An area that is absent, null, 0, negative or NaN is that of the box.
    areas = [None, 0, -3, 'nan', '0', 5]
    items = [
        dict(image_id=1, category_id=8, bbox=[0, 0, 2, 3], area=area)
        for area in areas
    ]
    file = read(coco(items))
    assert file.areas.tolist() == [6, 6, 6, 6, 6, 5]
    # null and NaN say nothing, 0, -3 and "0" something wrong.
    (note,) = file.notes
    assert note.startswith('3 areas were not positive')
    images = [dict(id=1, width=None, height=0), dict(id=2)]
    assert read(coco([], images=images)).sizes.tolist() == [[0, 0]] * 2


def test_background_with_a_box_of_nothing_is_left_out(read):
    empty = dict(image_id=2, category_id=8, bbox=[], area=0)
    file = read(coco([empty, *annotations(2), empty]))
    assert file.boxes.tolist() == [[0, 0.5, 10, 2.25], [1, 0.5, 10, 2.25]]
    assert file.numbers.tolist() == [2, 3]
    assert file.notes[0].startswith('2 annotations without a box')


def test_polygons_give_the_box_that_is_not_there(read):
    item = dict(image_id=1, category_id=8)
    item['segmentation'] = [[1, 2, 4, 2, 4, 6], [0, 3, 1, 8]]
    file = read(coco([item]))
    assert file.boxes.tolist() == [[0, 2, 4, 6]]  # x 0..4, y 2..8
    assert file.areas.tolist() == [24]
    mask = dict(item, segmentation=dict(counts='abc', size=[4, 4]))
    with pytest.raises(ValueError, match='annotation 1: must have bbox'):
        read(coco([mask]))


def test_turned_boxes_become_those_around_them(read):
    # 40 x 10 about (80, 55), turned by 90 degrees: 10 x 40.
    item = dict(image_id=1, category_id=8, bbox=[60, 50, 40, 10])
    turned = dict(item, attributes=dict(rotation=90.0, occluded=False))
    others = [dict(item, attributes=dict(rotation=r)) for r in (0, 180, 'x')]
    file = read(coco([turned, *others]))
    assert file.boxes[0] == pytest.approx([75, 35, 10, 40])
    assert file.boxes[1:].tolist() == [item['bbox']] * 3
    assert file.notes == [
        '1 boxes that are turned (attributes.rotation) became the upright '
        'boxes around them'
    ]


def test_scores_raise_a_question(read):
    items = [dict(item, area=None) for item in annotations(3)]
    assert read(coco(items)).notes == []
    items[1]['score'] = 0.5
    (note,) = read(coco(items)).notes
    assert note.startswith('1 annotations have a score')


def test_fields_that_hotcoco_leaves_empty(read):
    # `coco split` writes every field that it knows.
    names = ('score', 'segmentation', 'keypoints', 'num_keypoints', 'ignore')
    empty = dict.fromkeys((*names, 'area', 'attributes', 'obb'))
    items = [dict(item, **empty) for item in annotations(3)]
    file = read(coco(items))
    assert file.notes == []
    assert file.boxes.tolist() == read(coco(annotations(3))).boxes.tolist()


def test_names_of_files(read):
    for name in ('../a.jpg', '/a.jpg', 'C:\\a.jpg', 'a\0'):
        images = [dict(id=1, file_name='a.jpg'), dict(id=2, file_name=name)]
        with pytest.raises(ValueError, match='image 2 must name a file below'):
            read(coco([], images=images))
    images[1]['file_name'] = 'a.jpg'
    with pytest.raises(ValueError, match="'a.jpg' is that of image 1 too"):
        read(coco([], images=images))


def test_two_categories_of_one_name(read):
    # Roboflow puts the name of the project in front, without an object.
    categories = [dict(id=id, name=name) for id, name in zip((3, 8, 7), 'bba')]
    file = read(coco(annotations(4), categories=categories))
    assert file.classes == ['b', 'a']
    assert file.category_ids.tolist() == [8, 7]
    assert file.category_of_box.tolist() == [1, 0, 1, 0]
    assert 'categories [3, 8] are all called' in file.notes[-1]
    categories[0]['id'], categories[1]['id'] = 7, 8
    categories[2]['id'] = 9
    with pytest.raises(ValueError, match=r"\[7, 8\] are all called 'b'"):
        read(coco(annotations(4), categories=categories))


@pytest.mark.parametrize(
    'content, words',
    [
        (dict(shapes=[], imagePath='a.jpg'), 'a file of labelme'),
        (dict(labels=[], scores=[], bboxes=[]), 'DetInferencer'),
        ([dict(image_id=1, bbox=[], score=1)], 'holds detections'),
        (dict(_via_img_metadata={}), 'VIA'),
        ({'a.jpg123': dict(filename='a.jpg', regions=[])}, 'VIA'),
        ([dict(image='a.jpg', annotations=[])], 'CreateML'),
        (dict(metainfo={}, data_list=[]), "mmengine's BaseDataset"),
        (dict(size={}, objects=[]), 'Supervisely'),
        (dict(item={}, annotations=[]), 'Darwin'),
        ([dict(filename='a.jpg', ann={})], 'mmdet 2'),
        ([dict(name='a.jpg', labels=[])], 'BDD100K'),
        ([{'ID': 'a', 'Labeled Data': 'b', 'Label': {}}], 'Labelbox'),
    ],
)
def test_files_of_other_programs_are_named(read, content, words):
    with pytest.raises(ValueError, match=words):
        read(json.dumps(content))
    with pytest.raises(ValueError, match=words):
        read(json.dumps(content).encode('utf-16'))
