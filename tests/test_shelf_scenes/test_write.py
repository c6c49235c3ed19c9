"""Written data sets: layout, readers, workers, resuming, refusals."""

import os

import cv2
import numpy as np
import pytest
from mmdet.datasets import CocoDataset
from pycocotools.coco import COCO

from shelf_scenes import write
from shelf_scenes.recipe import Recipe, to_coco
from shelf_scenes.write import write_shelves

SMALL = {'size': (200, 160), 'objects': (5, 12), 'progress': False}


def contents(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob('*'))
        if path.is_file()
    }


@pytest.fixture
def written(tmp_path):
    write_shelves(tmp_path / 'set', 6, workers=1, **SMALL)
    return tmp_path / 'set'


def test_layout(written):
    names = [f'train/{number:06d}.jpg' for number in range(1, 7)]
    assert list(contents(written)) == ['annotations/train.json', *names]


def test_json_loads_with_pycocotools(written):
    coco = COCO(written / 'annotations/train.json')
    assert coco.loadCats(coco.getCatIds()) == [{'id': 1, 'name': 'product'}]
    assert coco.getImgIds() == [1, 2, 3, 4, 5, 6]
    found = coco.loadAnns(coco.getAnnIds())
    assert [one['id'] for one in found] == list(range(1, len(found) + 1))
    for image in coco.loadImgs(coco.getImgIds()):
        pixels = cv2.imread(str(written / 'train' / image['file_name']))
        assert pixels.shape == (160, 200, 3)
        assert (image['width'], image['height']) == (200, 160)
        own = coco.loadAnns(coco.getAnnIds(imgIds=image['id']))
        assert 5 <= len(own) <= 12
        for one in own:
            x, y, w, h = one['bbox']
            assert x >= 0 and y >= 0 and x + w <= 200 and y + h <= 160
            assert one['area'] == pytest.approx(w * h, abs=0.01)
            assert one['iscrowd'] == 0 and one['category_id'] == 1


def test_mmdet_reads_the_planned_boxes(written):
    data = CocoDataset(
        data_root=str(written),
        ann_file='annotations/train.json',
        data_prefix={'img': 'train/'},
        metainfo={'classes': ('product',)},
        pipeline=[],
    )
    recipe = Recipe(6, 'train', (200, 160), (5, 12), 0)
    for index in range(6):
        boxes = write.finish_image(recipe, written / 'train', index)
        info = data.get_data_info(index)
        got = [one['bbox'] for one in info['instances']]
        np.testing.assert_allclose(got, boxes, atol=0.011)  # two decimals


def test_json_of_boxes_by_hand():
    recipe = Recipe(2, 'val', 128, None, 3)
    boxes = [np.zeros((0, 4)), np.array([[1.004, 2, 11, 4.5]])]
    coco = to_coco(recipe, boxes)
    assert [image['id'] for image in coco['images']] == [1, 2]
    # 1.004 rounds to 1.0: width 10, height 2.5, area 25.
    assert coco['annotations'] == [
        {
            'id': 1,
            'image_id': 2,
            'category_id': 1,
            'bbox': [1.0, 2.0, 10.0, 2.5],
            'area': 25.0,
            'iscrowd': 0,
        }
    ]
    assert coco['info']['parameters'] == {
        'num_images': 2,
        'split': 'val',
        'size': [128, 128],
        'objects': None,
        'seed': 3,
        'renderer': 1,
    }


def test_workers_change_nothing(written, tmp_path):
    write_shelves(tmp_path / 'two', 6, workers=2, **SMALL)
    assert contents(tmp_path / 'two') == contents(written)


def test_images_do_not_depend_on_their_number(written, tmp_path):
    write_shelves(tmp_path / 'less', 2, workers=1, **SMALL)
    few, many = contents(tmp_path / 'less'), contents(written)
    assert few['train/000002.jpg'] == many['train/000002.jpg']


def test_splits_and_seeds_differ(written, tmp_path):
    write_shelves(tmp_path / 'set', 1, 'val', workers=1, **SMALL)
    write_shelves(tmp_path / 'seed', 1, seed=1, workers=1, **SMALL)
    first = (written / 'train/000001.jpg').read_bytes()
    assert first != (tmp_path / 'set/val/000001.jpg').read_bytes()
    assert first != (tmp_path / 'seed/train/000001.jpg').read_bytes()


def test_interrupted_run_goes_on(written, tmp_path, monkeypatch):
    drawn = []
    real = write.draw_scene

    def counting(scene):
        if len(drawn) == 3:
            raise KeyboardInterrupt
        drawn.append(scene)
        return real(scene)

    target = tmp_path / 'stopped'
    monkeypatch.setattr(write, 'draw_scene', counting)
    with pytest.raises(KeyboardInterrupt):
        write_shelves(target, 6, workers=1, **SMALL)
    assert not (target / 'annotations/train.json').exists()
    assert len(list((target / 'train').iterdir())) == 3
    # What a kill in mid-write leaves behind is no image.
    (target / 'train/000004.jpg.0123abcd.tmp').write_bytes(b'half')
    drawn[:] = [None] * 4
    write_shelves(target, 6, workers=1, **SMALL)
    assert len(drawn) == 4 + 3  # the three that were missing
    assert contents(target) == contents(written)


def test_lost_image_is_rendered_again(written):
    before = contents(written)
    (written / 'train/000003.jpg').unlink()
    write_shelves(written, 6, workers=1, **SMALL)
    assert contents(written) == before


def test_complete_set_is_left_alone(written, capsys):
    def times():
        return [os.stat(p).st_mtime_ns for p in sorted(written.rglob('*'))]

    before = times()
    arguments = {**SMALL, 'progress': True}
    path = write_shelves(written, 6, workers=1, **arguments)
    assert path == written / 'annotations/train.json'
    assert times() == before
    said = ' '.join(capsys.readouterr().out.split())
    assert 'is complete already; nothing to do.' in said


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ({'seed': 1}, 'rendered with seed=0, and seed=1 is asked for'),
        ({'num_images': 7}, 'num_images=6, and num_images=7'),
        ({'size': 160}, r'size=\[200, 160\], and size=\[160, 160\]'),
        ({'objects': None}, r'objects=\[5, 12\], and objects=None'),
    ],
)
def test_other_parameters_are_refused(written, change, words):
    before = contents(written)
    arguments = {'num_images': 6, 'workers': 1, **SMALL, **change}
    with pytest.raises(ValueError, match=words) as caught:
        write_shelves(written, **arguments)
    assert 'Choose another folder, or delete' in str(caught.value)
    assert contents(written) == before


def test_other_parameters_are_refused_after_an_interruption(written):
    record = written / 'annotations/train.json'
    record.rename(record.with_name('train.json.part'))
    with pytest.raises(ValueError, match='seed=0, and seed=1'):
        write_shelves(written, 6, seed=1, workers=1, **SMALL)


@pytest.mark.parametrize('text', ['[]', '{}', 'half a fi', '{"info": {}}'])
def test_foreign_json_is_refused(written, text):
    (written / 'annotations/train.json').write_text(text)
    with pytest.raises(ValueError, match='not written by this renderer'):
        write_shelves(written, 6, workers=1, **SMALL)


def test_foreign_images_are_refused(tmp_path):
    (tmp_path / 'train').mkdir()
    (tmp_path / 'train/000001.jpg').write_bytes(b'mine')
    with pytest.raises(ValueError, match='must be empty or hold an earlier'):
        write_shelves(tmp_path, 1, workers=1, **SMALL)
    assert (tmp_path / 'train/000001.jpg').read_bytes() == b'mine'


def test_unwritable_folder(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(ValueError, match='must be a folder that can be'):
        write_shelves(tmp_path / 'file', 1, workers=1, **SMALL)


@pytest.mark.parametrize(
    ('change', 'error', 'words'),
    [
        ({'num_images': 0}, ValueError, 'num_images must be at least 1'),
        ({'num_images': 2.0}, TypeError, 'num_images must be an integer'),
        ({'seed': -1}, ValueError, 'seed must be at least 0, but got -1'),
        ({'seed': True}, TypeError, 'seed must be an integer'),
        ({'split': 'dev'}, ValueError, "train, val, test, but got 'dev'"),
        ({'workers': 0}, ValueError, 'workers must be at least 1'),
        ({'size': 20}, ValueError, 'size must be at least 128'),
    ],
)
def test_bad_parameters(tmp_path, change, error, words):
    with pytest.raises(error, match=words):
        write_shelves(tmp_path, **{'num_images': 1, **SMALL, **change})
    assert not list(tmp_path.iterdir())


def test_two_may_render_the_same_set_at_once(tmp_path):
    """Each finds files of the other at every stage; both succeed."""
    alone, both = tmp_path / 'alone', tmp_path / 'both'
    write_shelves(alone, 6, workers=1, **SMALL)
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            code = 1
            try:
                write_shelves(both, 6, workers=1, **SMALL)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitpid(child, 0)[1] for child in children]
    assert codes == [0, 0, 0]
    assert contents(both) == contents(alone)
