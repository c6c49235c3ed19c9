"""Whole detectors on CUDA: a training step and a prediction of each kind."""

from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules
from mmengine.config import Config
from mmengine.structures import InstanceData

import dense_scene  # noqa: F401  registers the classes
from dense_scene.testing import touching_row

# Minutes on a CPU; tests/test_systems_on_gpu.py is the small share of it.
pytestmark = [pytest.mark.gpu, pytest.mark.slow_systems]

CONFIGS = Path(__file__).resolve().parent.parent / 'configs'
ROWS = sorted(
    path.relative_to(CONFIGS).as_posix()
    for path in CONFIGS.rglob('*scratch*_1xb4-3e_nuclei.py')
)
BASELINE = 'nuclei/cascade-rcnn_r18-scratch_fpn_1xb4-3e_nuclei.py'
SIZE = 256


def build(name):
    """The model of a config, drawn from one seed."""
    register_all_modules()
    torch.manual_seed(0)
    model = MODELS.build(Config.fromfile(CONFIGS / name).model)
    model.init_weights()
    return model


def scene(count):
    """Two images with rows of touching objects."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (2, 3, SIZE, SIZE), generator=generator)
    rows = [touching_row(10, (20, 28), (8, 8 + 30 * row)) for row in range(8)]
    samples = []
    for _ in pixels:
        sample = DetDataSample(
            metainfo=dict(
                img_id=0,
                img_shape=(SIZE, SIZE),
                ori_shape=(SIZE, SIZE),
                scale_factor=(1.0, 1.0),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=torch.cat(rows)[:count],
            labels=torch.zeros(count, dtype=torch.long),
        )
        sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
        samples.append(sample)
    return dict(inputs=list(pixels.byte()), data_samples=samples)


def losses_of(model, device, dtype=None, count=80):
    """Loss by name, and their sum."""
    torch.manual_seed(0)
    batch = model.data_preprocessor(scene(count), training=True)
    with torch.autocast(device.type, dtype, enabled=dtype is not None):
        parts = model(**batch, mode='loss')
    total, log = model.parse_losses(parts)
    return total, {name: float(value) for name, value in log.items()}


def test_there_are_rows():
    assert BASELINE in ROWS and len(ROWS) > 15


@pytest.mark.parametrize('precision', ['fp32', 'fp16', 'bf16'])
@pytest.mark.parametrize('name', ROWS)
def test_trains_and_predicts(name, precision, gpu):
    dtype = dict(fp32=None, fp16=torch.half, bf16=torch.bfloat16)[precision]
    model = build(name).to(gpu).train()
    total, log = losses_of(model, gpu, dtype)
    assert total.device.type == gpu.type
    assert all(map(torch.isfinite, map(torch.tensor, log.values()))), log
    total.backward()
    trained = [p for p in model.parameters() if p.grad is not None]
    assert len(trained) > 20
    if precision != 'fp16':  # without a scaler its gradient may overflow
        assert all(p.grad.isfinite().all() for p in trained)
        torch.optim.SGD(trained, lr=1e-4).step()
    model.eval()
    batch = model.data_preprocessor(scene(0), training=False)
    enabled = dtype is not None
    with torch.no_grad(), torch.autocast(gpu.type, dtype, enabled=enabled):
        results = model(**batch, mode='predict')
    for result in results:
        found = result.pred_instances
        assert found.bboxes.device.type == gpu.type
        assert found.bboxes.isfinite().all() and found.scores.isfinite().all()


@pytest.mark.parametrize('count', [0, 1, 80])
def test_the_rpn_s_losses_are_those_of_the_cpu(gpu, count):
    """Later losses depend on which proposals survive, a matter of rounding."""
    model = build(BASELINE).train()
    _, expected = losses_of(model, torch.device('cpu'), count=count)
    _, found = losses_of(build(BASELINE).train().to(gpu), gpu, count=count)
    for name in ('loss_rpn_cls', 'loss_rpn_bbox'):
        assert found[name] == pytest.approx(expected[name], rel=1e-3), name


def test_mmengine_s_mixed_precision_trains(gpu):
    from mmengine.optim import build_optim_wrapper

    if gpu.type != 'cuda':
        pytest.skip('mmengine offers AmpOptimWrapper on accelerators alone')
    model = build(BASELINE).to(gpu).train()
    wrapper = build_optim_wrapper(
        model, dict(type='AmpOptimWrapper', optimizer=dict(type='SGD', lr=0.1))
    )
    before = model.backbone.conv1.weight.detach().clone()
    # The first scale of the loss may overflow; mmengine then skips the step.
    for _ in range(8):
        log = model.train_step(scene(80), wrapper)
    assert torch.isfinite(log['loss'])
    assert not torch.equal(model.backbone.conv1.weight, before)
