"""The sampling rows, in training steps of a small Cascade R-CNN."""

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.utils import register_all_modules
from mmengine.structures import InstanceData

import dense_scene  # noqa: F401  registers the samplers
from dense_scene.analysis.proposals.quality import measure_proposals
from dense_scene.analysis.proposals.tap import ProposalTap
from dense_scene.testing import touching_row
from tests.config_files import load, sku_row
from tests.tiny_two_stage import model_config

OBJECTS = 12


def _batch() -> dict:
    """Two images of 128 x 128, a row of touching objects each."""
    boxes = touching_row(OBJECTS, (10, 14), (4, 30))
    samples = []
    for image in range(2):
        sample = DetDataSample(
            metainfo=dict(img_shape=(128, 128), ori_shape=(128, 128))
        )
        sample.gt_instances = InstanceData(
            bboxes=boxes + 20 * image,
            labels=torch.zeros(OBJECTS, dtype=torch.long),
        )
        samples.append(sample)
    images = [torch.randint(0, 256, (3, 128, 128)).byte() for _ in range(2)]
    return dict(inputs=images, data_samples=samples)


def _stage_inputs(row: str) -> tuple[list[list[np.ndarray]], list]:
    """What the stages of a row get in one training step, and the objects.

    The samplers are those of the config, with 32 boxes where it has 512.
    """
    register_all_modules()
    torch.manual_seed(0)
    samplers = load(sku_row(row)).model.train_cfg
    config = model_config(3)
    config.train_cfg.rpn.sampler = samplers.rpn.sampler
    for stage, other in zip(config.train_cfg.rcnn, samplers.rcnn):
        stage.sampler = other.sampler
        if stage.sampler.num == 512:
            stage.sampler.num = 32
    model = MODELS.build(config).train()
    tap = ProposalTap(model)
    tap.recording = True
    batch = model.data_preprocessor(_batch(), training=True)
    total, _ = model.parse_losses(model(**batch, mode='loss'))
    total.backward()
    assert total.isfinite()
    objects = [
        sample.gt_instances.bboxes.numpy() for sample in batch['data_samples']
    ]
    return tap.stage_inputs(), objects


def _copies(boxes: np.ndarray, objects: np.ndarray) -> int:
    return int((boxes[:, None] == objects).all(axis=2).sum())


def test_every_refined_box_is_kept_as_in_paddle():
    inputs, objects = _stage_inputs('fpn_keep-refined')
    for stages, truth in zip(inputs, objects):
        assert len(stages[0]) == 32
        # A stage drops the copies of the ground truth that it was given and
        # the next adds all 12 objects again; nothing else comes or goes.
        for before, after in zip(stages, stages[1:]):
            kept = len(before) - _copies(before, truth)
            assert len(after) == kept + OBJECTS
            assert _copies(after, truth) == OBJECTS


def test_the_stock_cascade_samples_in_each_stage():
    """Else the test above would pass for any config."""
    inputs, objects = _stage_inputs('fpn')
    for stages, truth in zip(inputs, objects):
        for stage in stages:
            # 0.25 x 32 = 8 positives at most, so no 12 copies.
            assert len(stage) <= 32 and _copies(stage, truth) <= 8


@pytest.mark.parametrize('row', ['instance-balanced', 'libra-sampling'])
def test_no_object_is_without_a_positive_in_any_stage(row):
    thresholds = (0.5, 0.6, 0.7)
    counts = {}
    for name in (f'fpn_{row}', 'fpn'):
        inputs, objects = _stage_inputs(name)
        counts[name] = [
            measure_proposals(truth, truth[:0], stages, thresholds, ())
            for stages, truth in zip(inputs, objects)
        ]
    for quality in counts[f'fpn_{row}']:
        assert quality.positives_histogram[:, 0].tolist() == [0, 0, 0]
        assert quality.inputs.max() <= 32
    # Eight positives for twelve objects: four at least have none.
    for quality in counts['fpn']:
        assert quality.positives_histogram[:, 0].min() >= 4
