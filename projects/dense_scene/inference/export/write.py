"""Write a detector as ONNX, OpenVINO or torch.export."""

import json
import logging
import shutil
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...utils import checks
from ...utils.files import whole_file
from .cascade_graph import CascadeGraph
from .operators import onnx_translations
from .sides import LEAST_STRIDES, STRIDE

ENDINGS = {'onnx': '.onnx', 'openvino': '.xml', 'pt2': '.pt2'}
_NEEDS = {
    'onnx': ('onnx', 'onnxscript'),
    'openvino': ('onnx', 'onnxscript', 'openvino'),
    'pt2': (),
}
_OPSET = 18
# Where the way back from a box ends: products, and what has no arithmetic.
_INEXACT = frozenset(
    [
        *('Convolution', 'MatMul', 'ROIAlign', 'NonMaxSuppression'),
        *('Constant', 'Parameter', 'ShapeOf'),
    ]
)
_PLAIN_STEPS = (
    *('LoadImageFromFile', 'InferencerLoader', 'LoadAnnotations'),
    'PackDetInputs',
)
# Any size will do; both sides differ, so that none is taken for the other.
_EXAMPLE = 8 * STRIDE, 10 * STRIDE


def export_detector(
    model: nn.Module,
    path: str | Path,
    target: str = 'onnx',
    meta: dict | None = None,
) -> Path:
    """Write a model of any image size.

    Args:
        model (nn.Module): See :class:`CascadeGraph`, also for the inputs
            ``image`` and ``size``, and the outputs ``boxes``, ``scores`` and
            ``labels``.
        path (str | Path): Ends as :data:`ENDINGS` says. OpenVINO puts the
            weights beside it, in ``.bin``.
        target (str): 'onnx', 'openvino' or 'pt2'. What comes out of the last
            needs ``dense_scene.inference.export.operators`` imported.
        meta (dict, optional): What JSON can hold, kept in files of ONNX and
            OpenVINO.

    Raises:
        ImportError: If a package is missing; ``[export]`` installs them.
        ValueError: If the model has a part of another kind.
    """
    checks.choice('target', target, ENDINGS)
    path = checks.suffix(f'{target} file', path, [ENDINGS[target]])
    lacking = [name for name in _NEEDS[target] if not find_spec(name)]
    if lacking:
        raise ImportError(
            f'{target} needs {", ".join(lacking)}. Install '
            'dense-scene[export].'
        )
    program = trace_detector(model)
    if target == 'pt2':
        with whole_file(path) as part, open(part, 'wb') as file:
            torch.export.save(program, file)
    elif target == 'onnx':
        _write_onnx(program, path, meta or {})
    else:
        _write_openvino(program, path, meta or {})
    return path


def trace_detector(model: nn.Module) -> torch.export.ExportedProgram:
    """The graph, in which sizes and numbers of boxes are free."""
    device = next(model.parameters()).device
    image = torch.rand(1, 3, *_EXAMPLE, device=device) * 255
    size = torch.tensor(_EXAMPLE, dtype=torch.float32, device=device)
    height, width = (
        STRIDE * torch.export.Dim(name, min=LEAST_STRIDES, max=1024)
        for name in 'hw'
    )
    shapes = dict(image={2: height, 3: width}, size=None)
    with torch.no_grad():
        return torch.export.export(
            CascadeGraph(model), (image, size), dynamic_shapes=shapes
        )


def _write_onnx(
    program: torch.export.ExportedProgram, path: Path, meta: dict
) -> None:
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter('ignore')
            written = torch.onnx.export(
                program,
                input_names=['image', 'size'],
                output_names=['boxes', 'scores', 'labels'],
                opset_version=_OPSET,
                custom_translation_table=onnx_translations(),
            )
    finally:
        logger.setLevel(level)
    written.model.metadata_props['dense_scene'] = json.dumps(meta)
    with whole_file(path) as part:
        written.save(part)


def _write_openvino(
    program: torch.export.ExportedProgram, path: Path, meta: dict
) -> None:
    import openvino

    # Both files, or none: they are moved when they are written. What a killed
    # export left is in the way of none.
    folder = path.with_name(f'.{path.name}.part')
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        between, part = folder / 'model.onnx', folder / path.name
        _write_onnx(program, between, {})
        model = convert_to_openvino(between, meta)
        openvino.save_model(model, part, compress_to_fp16=False)
        for ending in ('.bin', '.xml'):
            part.with_suffix(ending).replace(path.with_suffix(ending))
    finally:
        shutil.rmtree(folder)


def convert_to_openvino(path: Path, meta: dict) -> Any:
    """An ``openvino.Model`` of the ONNX file that is written here.

    What lies between a matrix product and a box is marked as exact: with
    bfloat16 OpenVINO would compute it in that as well, where a pixel at 1,000
    is rounded to a multiple of 4.
    """
    import openvino

    model = openvino.convert_model(path)
    model.set_rt_info(json.dumps(meta), ['dense_scene'])
    todo, seen = [], set()
    for node in model.get_ops():
        kind = node.get_type_name()
        if kind == 'ROIAlign':
            todo.append(node.input_value(1).get_node())
        elif kind.startswith('NonMaxSuppression'):
            todo += [node.input_value(n).get_node() for n in (0, 1)]
    while todo:
        node = todo.pop()
        if node.get_friendly_name() in seen:
            continue
        seen.add(node.get_friendly_name())
        if node.get_type_name() not in _INEXACT:
            node.get_rt_info()['precise_0'] = ''
            todo += [value.get_node() for value in node.input_values()]
    return model


def pipeline_meta(
    classes: Sequence[str], cfg: dict, weights_sha256: str = ''
) -> dict:
    """What else prediction needs: classes, how an image is read and resized.

    The digest of the weights tells files of other weights apart: OpenVINO has
    these in a file of their own. ValueError if the test pipeline does more
    than to load, to resize and to pack.
    """
    meta = dict(classes=list(classes), scale=None, keep_ratio=True, loader={})
    meta['weights_sha256'] = weights_sha256
    for step in cfg['test_dataloader']['dataset']['pipeline']:
        kind = step['type'].split('.')[-1]
        if kind == 'Resize' and set(step) <= {'type', 'scale', 'keep_ratio'}:
            keep = bool(step.get('keep_ratio', False))
            meta.update(scale=list(step['scale']), keep_ratio=keep)
        elif kind not in _PLAIN_STEPS:
            raise ValueError(
                'the test pipeline of an exported model must load, resize by '
                f'scale and keep_ratio, and pack, but has {dict(step)}.'
            )
        elif 'Load' in kind and 'Ann' not in kind:
            color = step.get('color_type', 'color')
            backend = step.get('imdecode_backend', 'cv2')
            meta['loader'] = dict(color_type=color, backend=backend)
    return meta
