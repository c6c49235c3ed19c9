"""Write a detector as ONNX, OpenVINO or torch.export."""

import json
import logging
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path

import torch
from torch import nn

from ...utils import checks
from ...utils.files import whole_file
from .cascade_graph import LEAST_STRIDES, STRIDE, CascadeGraph
from .operators import onnx_translations

ENDINGS = {'onnx': '.onnx', 'openvino': '.xml', 'pt2': '.pt2'}
_NEEDS = {
    'onnx': ('onnx', 'onnxscript'),
    'openvino': ('onnx', 'onnxscript', 'openvino'),
    'pt2': (),
}
_OPSET = 18
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
        meta (dict, optional): What JSON can hold, kept in an ONNX file.

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
        _write_openvino(program, path)
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


def _write_openvino(program: torch.export.ExportedProgram, path: Path) -> None:
    import openvino

    between = path.with_suffix('.onnx.tmp.onnx')
    try:
        _write_onnx(program, between, {})
        model = openvino.convert_model(between)
        openvino.save_model(model, path, compress_to_fp16=False)
    finally:
        between.unlink(missing_ok=True)


def pipeline_meta(classes: Sequence[str], cfg: dict) -> dict:
    """What else prediction needs: classes, and how the image is resized.

    ValueError if the test pipeline does more than to resize.
    """
    resize = None
    for step in cfg['test_dataloader']['dataset']['pipeline']:
        if step['type'].endswith('Resize'):
            resize = step
        elif step['type'].split('.')[-1] not in _PLAIN_STEPS:
            raise ValueError(
                'the test pipeline of an exported model must load, resize and '
                f'pack, but has {step["type"]}.'
            )
    meta = dict(classes=list(classes), scale=None, keep_ratio=True)
    if resize is not None:
        keep = bool(resize.get('keep_ratio', False))
        meta.update(scale=list(resize['scale']), keep_ratio=keep)
    return meta
