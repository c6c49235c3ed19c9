"""Damaged files of every format end in a result or in one line.

No other exception, no long line, no time or memory without bounds, and no box
that is not finite. A dozen files a format here, 500 in `make test-all`.
"""

import io
import json
import resource
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from dense_scene.datasets.coco.dense_coco_dataset import DenseCocoDataset
from dense_scene.datasets.images.header import read_picture_header
from dense_scene.datasets.importers.read_annotations import read_annotations
from dense_scene.datasets.sku110k.manifest import read_manifest
from dense_scene.datasets.sku110k.sku110k_dataset import SKU110KDataset
from dense_scene.datasets.transforms.loading.load_checked_image import (
    LoadCheckedImage,
)
from dense_scene.evaluation.stored.detection_file import save_detections
from dense_scene.evaluation.stored.files import read_evaluation
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.utils.boxes import MAX_COORDINATE

from .mutate import damaged

# What our readers may raise.
OURS = (ValueError, OSError)
SECONDS, MEGABYTES = 5, 300

COCO = json.dumps(
    dict(
        images=[
            dict(id=i, file_name=f'{i}.png', width=60, height=40)
            for i in (1, 2, 3)
        ],
        categories=[dict(id=1, name='mug'), dict(id=2, name='cup')],
        annotations=[
            dict(
                id=i,
                image_id=1 + i % 3,
                category_id=1 + i % 2,
                bbox=[i, 2, 10, 5.5],
                area=55.0,
                iscrowd=0,
                segmentation=[[1, 2, 3, 4, 5, 6]],
                attributes=dict(rotation=i),
            )
            for i in range(1, 9)
        ],
    )
).encode()
RESULTS = json.dumps(
    [
        dict(image_id=1, category_id=1, bbox=[1, 2, 3, 4], score=i / 9)
        for i in range(5)
    ]
).encode()
SKU = ''.join(
    f'{i % 3}.png,{i},2,{i + 9},8.5,object,60,40\n' for i in range(9)
).encode()
CSV = b'image,x1,y1,x2,y2,class,width,height\n' + SKU
CHALLENGE = b'image_name,x1,y1,x2,y2,score\n' + b''.join(
    b'%d.png,1,2,3,4,0.%d\n' % (i % 3, i) for i in range(9)
)
VOC = (
    '<?xml version="1.0" encoding="utf-8"?><annotation><filename>1.png'
    '</filename><size><width>60</width><height>40</height></size>'
    + (
        '<object><name>größe</name><difficult>0</difficult><bndbox><xmin>1'
        '</xmin><ymin>2</ymin><xmax>9</xmax><ymax>8.5</ymax></bndbox></object>'
    )
    * 3
    + '</annotation>'
).encode()
CVAT = (
    b'<annotations><meta><task><labels><label><name>mug</name></label>'
    b'</labels></task></meta><image id="0" name="1.png" width="60" height="40"'
    b'>'
    + b'<box label="mug" xtl="1" ytl="2" xbr="9" ybr="8.5" rotation="30"/>' * 3
    + b'<polygon label="mug" points="1,2;3,4;5,6"/></image></annotations>'
)
YOLO = b'0 0.5 0.5 0.25 0.125\n1 0.25 0.5 0.5 0.5\n'
MANIFEST = b'# a comment\n1.png\n"2\\n.png"\n#3.png\n'


def encode(suffix: str, exif: bytes = b'') -> bytes:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


def npz() -> bytes:
    file = io.BytesIO()
    found = Detections(
        np.array([1, 1, 2]),
        np.array([[0, 0, 5, 5.5], [1, 1, 9, 9], [2, 2, 3, 3]]),
        np.array([0.5, 0.25, 0.125]),
        np.array([0, 1, 0]),
    )
    path = Path(npz.folder) / 'whole.npz'
    save_detections(path, found, dict(classes=['mug', 'cup']), [1, 2])
    file.write(path.read_bytes())
    return file.getvalue()


def check_boxes(boxes: np.ndarray) -> None:
    assert (np.abs(boxes) <= 2 * MAX_COORDINATE).all()


def reader_of_annotations(kind: str, name: str):
    def read(folder: Path, content: bytes) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        source = path.parent if '/' in name else path
        is_yolo = kind == 'yolo'
        classes = ['a', 'b'] if is_yolo else None
        for images in [None, folder / 'images'][is_yolo:]:
            found = read_annotations(source, kind, images, classes)
            check_boxes(found.columns.boxes)

    return read


def read_coco_dataset(folder: Path, content: bytes) -> None:
    (folder / 'a.json').write_bytes(content)
    data = DenseCocoDataset(ann_file=str(folder / 'a.json'), test_mode=True)
    check_boxes(data.columns.boxes)


def read_sku_dataset(folder: Path, content: bytes) -> None:
    (folder / 'a.csv').write_bytes(content)
    data = SKU110KDataset(ann_file=str(folder / 'a.csv'), test_mode=True)
    check_boxes(data.columns.boxes)


def reader_of_detections(name: str, truth: str):
    def read(folder: Path, content: bytes) -> None:
        (folder / name).write_bytes(content)
        (folder / 'truth.json').write_bytes(COCO)
        (folder / 'truth.csv').write_bytes(SKU)
        read_evaluation(str(folder / name), str(folder / truth))

    return read


def read_truth(folder: Path, content: bytes) -> None:
    (folder / 'found.json').write_bytes(RESULTS)
    (folder / 'truth.json').write_bytes(content)
    read_evaluation(str(folder / 'found.json'), str(folder / 'truth.json'))


def read_image(folder: Path, content: bytes) -> None:
    path = folder / 'image'
    path.write_bytes(content)
    header = read_picture_header(path)
    loaded = None
    try:
        loaded = LoadCheckedImage().transform(dict(img_path=str(path)))
    finally:
        if loaded and not isinstance(header, str):
            assert loaded['img'].shape[1::-1] == header.size


def read_names(folder: Path, content: bytes) -> None:
    (folder / 'some.txt').write_bytes(content)
    read_manifest(str(folder / 'some.txt'))


FORMATS = {
    'coco': (lambda: COCO, reader_of_annotations('coco', 'a.json')),
    'coco data set': (lambda: COCO, read_coco_dataset),
    'ground truth': (lambda: COCO, read_truth),
    'csv': (lambda: CSV, reader_of_annotations('csv', 'a.csv')),
    'sku': (lambda: SKU, reader_of_annotations('sku', 'a.csv')),
    'sku data set': (lambda: SKU, read_sku_dataset),
    'voc': (lambda: VOC, reader_of_annotations('voc', 'xml/1.xml')),
    'cvat': (lambda: CVAT, reader_of_annotations('cvat', 'a.xml')),
    'yolo': (lambda: YOLO, reader_of_annotations('yolo', 'txt/1.txt')),
    'results': (lambda: RESULTS, reader_of_detections('f.json', 'truth.json')),
    'challenge': (
        lambda: CHALLENGE,
        reader_of_detections('f.csv', 'truth.csv'),
    ),
    'npz': (npz, reader_of_detections('f.npz', 'truth.json')),
    'manifest': (lambda: MANIFEST, read_names),
    'jpeg': (lambda: encode('.jpg'), read_image),
    'png': (lambda: encode('.png'), read_image),
    'tiff': (lambda: encode('.tif'), read_image),
    'webp': (lambda: encode('.webp'), read_image),
    'bmp': (lambda: encode('.bmp'), read_image),
}


@pytest.fixture
def folder(tmp_path):
    images = tmp_path / 'images'
    images.mkdir()
    for i in range(4):
        (images / f'{i}.png').write_bytes(encode('.png'))
    npz.folder = tmp_path
    return tmp_path


def peak() -> int:
    """Megabytes that this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def attack(kind: str, folder: Path, seeds: range) -> None:
    make, read = FORMATS[kind]
    content = make()
    read(folder, content)  # whole, it is read
    before = peak()
    for seed in seeds:
        start = time.process_time()
        try:
            read(folder, damaged(content, seed))
        except OURS as error:
            line = str(error)
            assert '\n' not in line.strip(), (seed, line)
            assert len(line) < 1500, (seed, len(line))
            assert not isinstance(error, UnicodeError), (seed, line)
        except Exception as error:
            raise AssertionError(f'seed {seed}: {error!r}') from error
        assert time.process_time() - start < SECONDS, seed
        assert peak() - before < MEGABYTES, seed


@pytest.mark.parametrize('kind', FORMATS)
def test_some_damaged_files(kind, folder):
    attack(kind, folder, range(12))


@pytest.mark.slow_systems
@pytest.mark.parametrize('kind', FORMATS)
def test_500_damaged_files(kind, folder):
    attack(kind, folder, range(1000, 1500))
