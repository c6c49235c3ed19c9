"""DenseCocoDataset against mmdet's CocoDataset on the same files."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.datasets import CocoDataset

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.testing import tiny_coco

NUCLEI = Path(os.environ.get('NUCLEI_ROOT', 'NUCLEI_ROOT is not set'))
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(80, 80), keep_ratio=True),
    dict(type='RandomFlip', prob=1.0),
    dict(type='PackDetInputs'),
]


def both(ann_file: Path, classes, **kwargs):
    """Our data set and mmdet's, which must be told the classes."""
    settings = dict(
        ann_file=str(ann_file),
        data_prefix=dict(img='images/'),
        data_root=str(ann_file.parent),
        serialize_data=False,  # with it, mmengine collects garbage each time
        **kwargs,
    )
    return (
        DenseCocoDataset(**settings),
        CocoDataset(metainfo=dict(classes=classes), **settings),
    )


def check_equal_infos(ours, stock):
    assert len(ours) == len(stock) > 0
    for index in range(len(stock)):
        found, expected = ours.get_data_info(index), stock.get_data_info(index)
        for instance in expected['instances']:
            instance.pop('mask', None)
            # Ours are kept as float32, to which LoadAnnotations rounds too.
            instance['bbox'] = np.float32(instance['bbox']).tolist()
        assert found == expected


def check_equal_samples(ours, stock, indices):
    for index in indices:
        found, expected = ours[index], stock[index]
        assert torch.equal(found['inputs'], expected['inputs'])
        found, expected = found['data_samples'], expected['data_samples']
        assert found.metainfo == expected.metainfo
        for field in ('gt_instances', 'ignored_instances'):
            a, b = getattr(found, field), getattr(expected, field)
            assert torch.equal(a.bboxes.tensor, b.bboxes.tensor)
            assert torch.equal(a.labels, b.labels)


@pytest.mark.parametrize('rows', [0, 1, 3])
@pytest.mark.parametrize('classes', [('object',), ('bottle', 'box')])
def test_tiny_coco(tmp_path, rows, classes):
    ours, stock = both(
        tiny_coco(tmp_path, rows=rows, classes=classes),
        classes,
        pipeline=PIPELINE,
    )
    assert ours.metainfo['classes'] == classes
    check_equal_infos(ours, stock)
    check_equal_samples(ours, stock, range(len(stock)))


@pytest.mark.parametrize('split', ['train', 'val'])
def test_nuclei(split):
    if not NUCLEI.is_dir():
        pytest.skip(f'needs the nuclei data in NUCLEI_ROOT: {NUCLEI}')
    ours, stock = both(
        NUCLEI / f'{split}.json', ('nucleus',), pipeline=PIPELINE
    )
    check_equal_infos(ours, stock)
    check_equal_samples(ours, stock, [0, 1, len(stock) - 1])


def awkward() -> dict:
    """Every rule of CocoDataset, on both sides of its limit."""
    boxes = [
        ([10, 10, 20, 20], {}),
        ([1 / 3, 0.1, 2 / 3 + 1, 1.7], {}),
        ([10, 10, 1, 1], {}),
        ([10, 10, 0.99, 5], {}),
        ([10, 10, 5, 0.99], {}),
        ([59, 39, 10, 10], {}),  # one pixel inside
        ([60, 5, 10, 10], {}),  # touches the edge from outside
        ([-10, 5, 10, 10], {}),
        ([-9.5, -5, 10, 10], {}),  # stays as it is: no clipping
        ([5, 5, 10, 10], dict(iscrowd=1)),
        ([5, 5, 10, 10], dict(ignore=1)),
        ([5, 5, 10, 10], dict(category_id=7)),
        ([5, 5, 10, 10], dict(image_id=9)),
        ([5, 5, 10, 10], dict(segmentation=[[5, 5, 15, 5, 15, 15]])),
    ]
    annotations = [
        {
            **dict(
                id=i, image_id=3, category_id=2, area=9, iscrowd=0, bbox=box
            ),
            **extra,
        }
        for i, (box, extra) in enumerate(boxes, 1)
    ]
    return dict(
        images=[
            dict(id=9, file_name='b/c.jpg', width=60, height=40),
            dict(id=3, file_name='a.jpg', width=60, height=40),
            dict(id=5, file_name='tiny.jpg', width=60, height=8),
            dict(id=6, file_name='empty.jpg', width=60, height=40),
        ],
        categories=[dict(id=7, name='box'), dict(id=2, name='cap')],
        annotations=annotations,
    )


@pytest.fixture
def write(tmp_path):

    def write(content: dict) -> Path:
        path = tmp_path / 'coco.json'
        path.write_text(json.dumps(content))
        return path

    return write


@pytest.mark.parametrize('classes', [('box', 'cap'), ('cap',), ('box',)])
@pytest.mark.parametrize(
    'rule',
    [
        None,
        dict(filter_empty_gt=True),
        dict(min_size=9),
        dict(min_size=8),
        dict(filter_empty_gt=True, min_size=32),
    ],
)
@pytest.mark.parametrize('test_mode', [False, True])
def test_awkward(write, classes, rule, test_mode):
    ann_file = write(awkward())
    _, stock = both(ann_file, classes, filter_cfg=rule, test_mode=test_mode)
    ours = DenseCocoDataset(
        ann_file=str(ann_file),
        data_prefix=stock.data_prefix,
        metainfo=dict(classes=classes),
        filter_cfg=rule,
        test_mode=test_mode,
    )
    check_equal_infos(ours, stock)


def test_filter_empty_drops_images_whose_boxes_were_all_left_out(write):
    content = awkward()
    content['annotations'] = [
        dict(id=1, image_id=3, category_id=2, bbox=[5, 5, 9, 9]),
        dict(id=2, image_id=9, category_id=2, bbox=[5, 5, 9, 0.5]),
        dict(id=3, image_id=6, category_id=2, bbox=[5, 5, 9, 9], iscrowd=1),
    ]
    dataset = DenseCocoDataset(
        ann_file=str(write(content)), filter_cfg=dict(filter_empty_gt=True)
    )
    assert [
        dataset.get_data_info(i)['img_id'] for i in range(len(dataset))
    ] == [3, 6]


def test_labels_follow_metainfo_and_else_the_file(write):
    path = str(write(awkward()))
    # Image 9 has one annotation, of category 2: the cap, second in the file.
    for order, label in (
        (None, 1),
        (('box', 'cap'), 1),
        (('cap', 'box'), 0),
        ('cap', 0),  # ('cap') without a comma is a string
    ):
        metainfo = dict(classes=order) if order else None
        dataset = DenseCocoDataset(ann_file=path, metainfo=metainfo)
        classes = ('cap',) if order == 'cap' else order or ('box', 'cap')
        assert dataset.metainfo['classes'] == classes
        assert dataset.get_cat_ids(0) == [label]


def test_use_classes_changes_names_labels_and_colors_together(write):
    dataset = DenseCocoDataset(
        ann_file=str(write(awkward())),
        metainfo=dict(palette=[(1, 1, 1), (2, 2, 2)]),  # box, cap
    )
    before = [dataset.get_cat_ids(index) for index in range(len(dataset))]
    dataset.use_classes(['cap', 'box'])
    assert dataset.metainfo['classes'] == ('cap', 'box')
    assert dataset.metainfo['palette'] == [(2, 2, 2), (1, 1, 1)]
    dataset.use_classes(('lid', 'box', 'cap'))
    assert [dataset.get_cat_ids(index) for index in range(len(dataset))] == [
        [label + 1 for label in labels] for labels in before
    ]
    with pytest.raises(ValueError, match=r"lack \['cap'\]; they are \['lid"):
        dataset.use_classes(('lid', 'box'))


def test_a_category_that_only_groups_others_is_no_class(write, log):
    """Roboflow's first category, with and without the name of a class."""
    for root in ('shelf-scan', 'cap'):
        content = awkward()
        for item in content['categories']:
            item['supercategory'] = root
        content['categories'].insert(0, dict(id=0, name=root))
        dataset = DenseCocoDataset(ann_file=str(write(content)))
        assert dataset.metainfo['classes'] == ('box', 'cap')
        assert dataset.get_cat_ids(0) == [1]
    assert "['shelf-scan'] only group other" in log.text
    # Chosen by name it is a class.
    content['categories'][0]['name'] = 'all'
    content['categories'][1]['supercategory'] = 'all'
    names = ('all', 'cap')
    path = str(write(content))
    dataset = DenseCocoDataset(ann_file=path, metainfo=dict(classes=names))
    assert dataset.metainfo['classes'] == names


def test_600_boxes(write):
    content = awkward()
    content['annotations'] = [
        dict(
            id=i,
            image_id=3,
            category_id=2,
            bbox=[i % 50, i % 30, 5, 5],
            area=25,
            iscrowd=0,
        )
        for i in range(1, 601)
    ]
    ours, stock = both(write(content), ('box', 'cap'))
    assert len(ours.get_data_info(1)['instances']) == 600
    check_equal_infos(ours, stock)


def change(key: str, index: int, **values) -> dict:
    content = awkward()
    content[key][index].update(values)
    return content


def without(key: str, index: int, name: str) -> dict:
    content = awkward()
    del content[key][index][name]
    return content


@pytest.mark.parametrize(
    'content, words',
    [
        (
            change('annotations', 4, image_id=99),
            'annotation 5, image_id .* known image, but got 99',
        ),
        (
            change('annotations', 4, category_id=99),
            'annotation 5, category_id .* known category, but got 99',
        ),
        (change('images', 1, id=9), 'every image must have an id of its own'),
        (change('categories', 1, id=7), 'every category must have an id'),
        (without('images', 2, 'height'), 'image 3 .* lacks height'),
        (without('categories', 0, 'name'), r'categories\[0\] must have name'),
        (dict(images=[], annotations=[]), 'categories'),
    ],
)
def test_errors_name_the_file(write, content, words):
    path = str(write(content))
    with pytest.raises(ValueError, match=words) as caught:
        DenseCocoDataset(ann_file=path)
    assert path in str(caught.value)


def test_unknown_class(write):
    path = str(write(awkward()))
    for wrong, words in (
        (('box', 'x'), r"\['box', 'cap'\], but got \['x'\]\. Without"),
        (('Box', 'cap'), r"but got \['Box'\]\. Is 'box' meant\?"),
        (('box', 'cap', 'box'), "name of its own, but 'box' occurs twice"),
    ):
        with pytest.raises(ValueError, match=words):
            DenseCocoDataset(ann_file=path, metainfo=dict(classes=wrong))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="ann_file must be .*'.*no'"):
        DenseCocoDataset(ann_file='no', data_root=str(tmp_path))


def test_no_image_at_all(write):
    path = str(write(dict(images=[], annotations=[], categories=[])))
    assert len(DenseCocoDataset(ann_file=path, test_mode=True)) == 0
    with pytest.raises(ValueError, match='hold something to train on'):
        DenseCocoDataset(ann_file=path)


LOADERS = [
    dict(type='LoadCheckedImage', on_error='skip'),
    dict(type='LoadImageFromFile'),
]


@pytest.mark.parametrize('loader', LOADERS)
@pytest.mark.parametrize('test_mode', [False, True])
def test_a_wrong_folder_is_found_at_the_start(tmp_path, loader, test_mode):
    path = tiny_coco(tmp_path, rows=1)
    settings = dict(ann_file=str(path), pipeline=[loader], test_mode=test_mode)
    folder = str(tmp_path / 'images')
    assert len(DenseCocoDataset(data_prefix=dict(img=folder), **settings)) == 2
    with pytest.raises(FileNotFoundError, match='2 of 2 images are not in'):
        DenseCocoDataset(data_prefix=dict(img=folder + '/no'), **settings)
    # One that is missing may be passed over in training alone.
    sorted((tmp_path / 'images').iterdir())[0].unlink()
    request = dict(data_prefix=dict(img=folder), **settings)
    if test_mode or loader is LOADERS[1]:
        with pytest.raises(FileNotFoundError, match='1 of 2 images are not'):
            DenseCocoDataset(**request)
    else:
        assert len(DenseCocoDataset(**request)) == 2


def test_without_a_loader_no_image_is_looked_for(tmp_path):
    path = str(tiny_coco(tmp_path, rows=1))
    assert len(DenseCocoDataset(ann_file=path, data_prefix=dict(img='no')))


def test_nothing_to_train_on_is_refused_with_the_reason(write):
    image = dict(id=1, file_name='a.jpg', width=60, height=40)
    item = dict(id=1, image_id=1, category_id=1)
    content = dict(images=[image], categories=[dict(id=1, name='a')])
    for change, words in (
        (dict(bbox=[70, 0, 5, 5]), '1 outside of their image'),
        (dict(bbox=[7, 0, 0.5, 5]), '1 thinner than a pixel'),
        (dict(bbox=[7, 0, -2, 5]), '1 inverted'),
        (dict(bbox=[7, 0, 5, 5], ignore=1), '1 marked as ignored'),
        (dict(bbox=[7, 0, 5, 5], iscrowd=1), 'all of its 1 boxes are ignored'),
    ):
        content['annotations'] = [{**item, **change}]
        path = str(write(content))
        with pytest.raises(ValueError, match=words):
            DenseCocoDataset(
                ann_file=path, filter_cfg=dict(filter_empty_gt=True)
            )
        assert len(DenseCocoDataset(ann_file=path, test_mode=True)) == 1
