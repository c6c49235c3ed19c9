"""What the tap records is what the detector's own methods work on."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import nn

from dense_scene.analysis.proposals.quality import measure_proposals
from dense_scene.analysis.proposals.tap import ProposalTap
from dense_scene.testing import random_boxes
from tests.tiny_two_stage import build_model

SIZE = (64, 96)


def batch(generator, num_objects=(6, 0)):
    """Two noise images; one without an object."""
    samples = []
    for count in num_objects:
        boxes = random_boxes(count, SIZE[::-1], generator)
        truth = InstanceData(bboxes=boxes, labels=torch.zeros(count).long())
        sample = DetDataSample(
            gt_instances=truth,
            ignored_instances=InstanceData(
                bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long()
            ),
            metainfo=dict(
                img_shape=SIZE,
                batch_input_shape=SIZE,
                pad_shape=SIZE,
                scale_factor=(1.0, 1.0),
            ),
        )
        samples.append(sample)
    inputs = torch.randn(len(samples), 3, *SIZE, generator=generator)
    return inputs, samples


def lengths(inputs):
    return [[len(boxes) for boxes in stages] for stages in inputs]


@pytest.mark.parametrize('num_stages', [1, 2, 3])
def test_stage_1_gets_all_proposals_by_falling_score(num_stages, generator):
    model = build_model(num_stages).eval()
    inputs, samples = batch(generator)
    with torch.no_grad():
        expected = model.rpn_head.predict(model.extract_feat(inputs), samples)
        tap = ProposalTap(model)
        tap.recording = True
        model(inputs, samples, mode='predict')
    found = tap.stage_inputs()
    assert lengths(found) == [[len(e)] * num_stages for e in expected]
    for stages, result in zip(found, expected):
        assert np.array_equal(stages[0], result.bboxes.numpy())
        assert (result.scores.diff() <= 0).all()
        assert len(stages[0]) > 10


def test_stages_get_what_the_stage_before_made_of_it(generator):
    model = build_model(2).eval()
    # Any image: the first stage now moves every box by a tenth of its width.
    regressor = model.roi_head.bbox_head[0].fc_reg
    nn.init.zeros_(regressor.weight)
    with torch.no_grad():
        regressor.bias.copy_(torch.tensor([1.0, 0, 0, 0]))  # std of dx: 0.1
    tap = ProposalTap(model)
    tap.recording = True
    inputs, samples = batch(generator)
    with torch.no_grad():
        model(inputs, samples, mode='predict')
    for first, second in tap.stage_inputs():
        width = first[:, 2] - first[:, 0]
        moved = first + 0.1 * width[:, None] * [1, 0, 1, 0]
        moved[:, ::2] = moved[:, ::2].clip(0, SIZE[1])
        np.testing.assert_allclose(second, moved, rtol=0, atol=1e-4)


def sampled(model, monkeypatch):
    """Note what each sampler returns."""
    noted = []
    samplers = model.roi_head.bbox_sampler
    for sampler in samplers if isinstance(samplers, list) else [samplers]:

        def sample(*args, original=sampler.sample, **kwargs):
            noted.append(original(*args, **kwargs))
            return noted[-1]

        monkeypatch.setattr(sampler, 'sample', sample)
    return noted


@pytest.mark.parametrize('num_stages', [1, 3])
def test_training_sees_samples_and_proposals(
    num_stages, generator, monkeypatch
):
    model = build_model(num_stages).train()
    noted = sampled(model, monkeypatch)
    made, predict = [], model.rpn_head.predict_by_feat
    monkeypatch.setattr(
        model.rpn_head,
        'predict_by_feat',
        lambda *args, **kwargs: (
            made.append(predict(*args, **kwargs))
            or [InstanceData(bboxes=r.bboxes.clone()) for r in made[-1]]
        ),
    )
    tap = ProposalTap(model)
    tap.recording = True
    inputs, samples = batch(generator)
    model(inputs, samples, mode='loss')
    found = tap.stage_inputs()
    for i, result in enumerate(noted):  # by stage, then by image
        stage, image = divmod(i, 2)
        assert np.array_equal(found[image][stage], result.priors.numpy())
    assert len(noted) == 2 * num_stages

    again = tap.training_proposals()
    assert len(made) == 2
    for proposals, result in zip(again, made[0]):
        assert np.array_equal(proposals, result.bboxes.detach().numpy())
        assert len(proposals) > 10
    # What is measured is what was recorded, in the frame of the network.
    for image, quality in enumerate(tap.measure((5, 40))):
        expected = measure_proposals(
            samples[image].gt_instances.bboxes.numpy(),
            again[image],
            found[image],
            (0.5, 0.6, 0.7)[:num_stages],
            (5, 40),
        )
        assert quality.to_dict() == expected.to_dict()


def test_nothing_is_kept_when_off_or_removed(generator):
    model = build_model(1).eval()
    tap = ProposalTap(model)
    inputs, samples = batch(generator)
    with torch.no_grad():
        model(inputs, samples, mode='predict')
        assert tap.stage_inputs() == []
        tap.recording = True
        model(inputs, samples, mode='predict')
        assert min(lengths(tap.stage_inputs())) > [0]
        tap.recording = False
        model(inputs, samples, mode='predict')
        assert tap.stage_inputs() == []
        assert tap.training_proposals() is None
        tap.recording = True
        tap.remove()
        model(inputs, samples, mode='predict')
    assert tap.stage_inputs() == []
    assert not any(
        module._forward_hooks or module._forward_pre_hooks
        for module in model.modules()
    )


def test_no_proposal_at_all(generator):
    model = build_model(3).eval()
    model.rpn_head.test_cfg.min_bbox_size = 1000
    tap = ProposalTap(model)
    tap.recording = True
    with torch.no_grad():
        model(*batch(generator), mode='predict')
    found = tap.stage_inputs()
    assert [[b.shape for b in stages] for stages in found] == [
        [(0, 4)] * 3
    ] * 2


def test_thresholds_are_the_models():
    model = build_model(3)
    assert ProposalTap(model).pos_iou_thrs == (0.5, 0.6, 0.7)
    model.roi_head.train_cfg[1].assigner.pos_iou_thr = 0.65
    assert ProposalTap(model).pos_iou_thrs == (0.5, 0.65, 0.7)
    model.roi_head.train_cfg = None
    assert ProposalTap(model).pos_iou_thrs == (0.5, 0.5, 0.5)
    assert ProposalTap(build_model(1)).pos_iou_thrs == (0.5,)


def test_a_single_stage_detector_is_refused():
    with pytest.raises(ValueError, match='two-stage detector .* got Linear'):
        ProposalTap(nn.Linear(1, 1))


def test_ground_truth_must_be_there(generator):
    model = build_model(1).eval()
    inputs, samples = batch(generator)
    del samples[1].gt_instances.bboxes
    tap = ProposalTap(model)
    tap.recording = True
    with torch.no_grad():
        model(inputs, samples, mode='predict')
    with pytest.raises(ValueError, match="'LoadAnnotations'.* after Resize"):
        tap.measure((1,))
