"""Exported files give what mmdet gives, on 20 images of four sizes."""

from shutil import copy

import numpy as np
import pytest
import torch

from dense_scene.inference.export import write
from dense_scene.inference.export.onnx_detector import OnnxDetector, pad_image
from dense_scene.inference.export.write import export_detector, pipeline_meta

from .test_cascade_graph import build, by_mmdet, compare, images

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
    meta = dict(classes=['a', 'b'], scale=None, keep_ratio=True)
    return export_detector(model, path, 'onnx', meta)


@pytest.mark.slow
def test_onnx(model, onnx_file, tmp_path):
    detector = OnnxDetector(onnx_file)
    assert detector.classes == ('a', 'b')
    for image in images(20):
        found = detector([image])[0]
        columns = found.boxes, found.scores, found.labels
        compare(by_mmdet(model, image), columns)
    (tmp_path / 'model.onnx').write_bytes(b'x')
    with pytest.raises(ValueError, match='what dense-scene export wrote'):
        OnnxDetector(tmp_path / 'model.onnx')


@pytest.mark.slow
def test_openvino(model, traced, onnx_file, tmp_path, monkeypatch):
    openvino = pytest.importorskip('openvino', reason=WHY)
    monkeypatch.setattr(
        write, '_write_onnx', lambda _, path, meta: copy(onnx_file, path)
    )
    path = export_detector(model, tmp_path / 'model.xml', 'openvino')
    how = {'INFERENCE_PRECISION_HINT': 'f32'}
    loaded = openvino.Core().compile_model(path, 'CPU', how)
    compare_all(model, lambda *inputs: [*loaded(inputs).values()])
    assert {p.name for p in tmp_path.iterdir()} == {'model.xml', 'model.bin'}


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
    assert pipeline_meta(('a',), cfg) == dict(
        classes=['a'], scale=[80, 60], keep_ratio=True
    )
    steps.insert(1, dict(type='CenterCrop'))
    with pytest.raises(ValueError, match='has CenterCrop'):
        pipeline_meta(('a',), cfg)


def test_pixels_are_padded_to_whole_strides():
    image = np.arange(70 * 100 * 3).reshape(70, 100, 3) % 251
    pixels, size = pad_image(image.astype(np.uint8))
    assert pixels.shape == (1, 3, 96, 128) and size.tolist() == [70, 100]
    np.testing.assert_array_equal(
        pixels[0, :, :70, :100], image.transpose(2, 0, 1)
    )
    assert pixels[0, :, 70:].max() == pixels[0, :, :, 100:].max() == 0
