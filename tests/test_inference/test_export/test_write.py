"""Exported files give what mmdet gives, on 20 images of four sizes."""

import csv
import json
import subprocess
import sys
from shutil import copy

import cv2
import mmcv
import numpy as np
import pytest
import torch

from dense_scene.inference.export import write
from dense_scene.inference.export.exported_detector import (
    ExportedDetector,
    fit_inside,
)
from dense_scene.inference.export.sides import pad_image
from dense_scene.inference.export.write import export_detector, pipeline_meta

from .test_cascade_graph import build, by_mmdet, compare, images

META = dict(classes=['a', 'b'], scale=None, keep_ratio=True)
WHY = 'needs dense-scene[export]: onnx, onnxscript, onnxruntime, openvino'


@pytest.fixture(scope='module')
def model():
    return build(classes=2)


@pytest.fixture(scope='module')
def program(model):
    return write.trace_detector(model)


@pytest.fixture
def traced(program, monkeypatch):
    """To trace takes seconds: once is enough."""
    monkeypatch.setattr(write, 'trace_detector', lambda model: program)


def compare_all(model, run):
    for image in images(20):
        compare(by_mmdet(model, image), run(*pad_image(image)))


@pytest.mark.slow
def test_pt2(model, traced, tmp_path):
    path = export_detector(model, tmp_path / 'a/model.pt2', 'pt2')
    loaded = torch.export.load(path).module()

    def run(*inputs):
        with torch.no_grad():
            return loaded(*map(torch.from_numpy, inputs))

    compare_all(model, run)


@pytest.fixture(scope='module')
def onnx_file(model, tmp_path_factory):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name, reason=WHY)
    path = tmp_path_factory.mktemp('onnx') / 'model.onnx'
    return export_detector(model, path, 'onnx', META)


def compare_detector(model, detector):
    assert detector.classes == ('a', 'b')
    for image in images(20):
        found = detector([image])[0]
        columns = found.boxes, found.scores, found.labels
        compare(by_mmdet(model, image), columns)


@pytest.mark.slow
def test_onnx(model, onnx_file, tmp_path):
    compare_detector(model, ExportedDetector(onnx_file))
    with pytest.raises(ValueError, match='--half must go with an .xml'):
        ExportedDetector(onnx_file, half=True)
    (tmp_path / 'model.onnx').write_bytes(b'x')
    with pytest.raises(ValueError, match='what dense-scene export wrote'):
        ExportedDetector(tmp_path / 'model.onnx')


@pytest.fixture(scope='module')
def openvino_file(model, program, onnx_file, tmp_path_factory):
    pytest.importorskip('openvino', reason=WHY)
    path = tmp_path_factory.mktemp('openvino') / 'model.xml'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, 'trace_detector', lambda model: program)
        patch.setattr(
            write, '_write_onnx', lambda _, path, meta: copy(onnx_file, path)
        )
        return export_detector(model, path, 'openvino', META)


@pytest.mark.slow
def test_openvino(model, openvino_file, tmp_path):
    compare_detector(model, ExportedDetector(openvino_file))
    here = {p.name for p in openvino_file.parent.iterdir()}
    assert here == {'model.xml', 'model.bin'}
    copy(openvino_file, tmp_path)  # without its weights
    with pytest.raises(ValueError, match='what dense-scene export wrote'):
        ExportedDetector(tmp_path / 'model.xml')


@pytest.mark.slow
def test_openvino_in_half(model, openvino_file):
    """Boxes that pass in float32 by far pass here as well."""
    exact = ExportedDetector(openvino_file)
    half = ExportedDetector(openvino_file, half=True)
    for image in images(4):
        sure = exact([image])[0]
        sure = sure.boxes[sure.scores > 0.9]
        found = half([image])[0].boxes
        assert found.dtype == np.float32
        for box in sure:
            assert np.abs(found - box).max(axis=1).min() < 3


@pytest.mark.slow
def test_predict_loads_no_torch(onnx_file, openvino_file, tmp_path):
    (tmp_path / 'photos').mkdir()
    for number, image in enumerate(images(3)):
        cv2.imwrite(str(tmp_path / f'photos/{number}.png'), image)
    code = """
import sys
from dense_scene_cli import main
for weights in sys.argv[1:]:
    out = weights[-3:]
    print(main(['predict', 'photos', '--weights', weights, '--out', out]))
print([m for m in ('mmcv', 'mmdet', 'torch') if m in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, '-c', code, onnx_file, openvino_file],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert (lines[1], lines[3:]) == ('0', ['0', '[]']), done.stderr
    tables = []
    for out in ('nnx', 'xml'):
        with open(tmp_path / out / 'counts.csv', newline='') as file:
            tables.append(list(csv.DictReader(file)))
    assert tables[0] == tables[1] and len(tables[0]) == 3 * 2


@pytest.mark.parametrize('scale', [(128, 96), (96, 128), (500, 500)])
@pytest.mark.parametrize('size', [(1, 1), (640, 480), (480, 641), (3, 999)])
def test_images_are_resized_as_by_mmcv(size, scale):
    assert fit_inside(size, scale) == mmcv.rescale_size(size, scale)


def test_what_is_missing_is_named(model, tmp_path, monkeypatch):
    monkeypatch.setattr(write, 'find_spec', lambda name: None)
    with pytest.raises(ImportError, match=r'onnxscript.*\[export\]'):
        export_detector(model, tmp_path / 'model.onnx')
    with pytest.raises(ValueError, match='must end with .onnx'):
        export_detector(model, tmp_path / 'model.pt2')
    with pytest.raises(ValueError, match='target must be one of'):
        export_detector(model, tmp_path / 'model.onnx', 'tflite')


def test_the_pipeline_is_kept_or_refused():
    steps = [dict(type='LoadImageFromFile'), dict(type='PackDetInputs')]
    resize = dict(type='mmdet.Resize', scale=(80, 60), keep_ratio=True)
    cfg = dict(test_dataloader=dict(dataset=dict(pipeline=steps)))
    assert pipeline_meta(('a',), cfg)['scale'] is None
    steps.insert(1, resize)
    meta = pipeline_meta(('a',), cfg, 'digest')
    assert meta == dict(
        classes=['a'],
        scale=[80, 60],
        keep_ratio=True,
        loader=dict(color_type='color', backend='cv2'),
        weights_sha256='digest',
    )
    assert json.loads(json.dumps(meta)) == meta
    for step in (
        dict(type='CenterCrop'),
        dict(resize, type='RandomResize'),
        dict(resize, interpolation='nearest'),
    ):
        steps[1] = step
        with pytest.raises(ValueError, match=f'has .*{step["type"]}'):
            pipeline_meta(('a',), cfg)


def test_pixels_are_padded_to_whole_strides():
    image = np.arange(70 * 100 * 3).reshape(70, 100, 3) % 251
    pixels, size = pad_image(image.astype(np.uint8))
    assert pixels.shape == (1, 3, 96, 128) and size.tolist() == [70, 100]
    np.testing.assert_array_equal(
        pixels[0, :, :70, :100], image.transpose(2, 0, 1)
    )
    assert pixels[0, :, 70:].max() == pixels[0, :, :, 100:].max() == 0
