"""SENet154 is timm's, and has what mmdet's ResNets have."""

import runpy

import pytest
import torch
from mmdet.registry import MODELS
from torch.nn.modules.batchnorm import _BatchNorm

from dense_scene.models.backbones import SENet154
from dense_scene.models.backbones.timm_senet154 import convert_timm_senet154

from .timm_models import import_timm

# What timm calls the two forms.
TIMM = {
    'std': {},
    'vd': dict(block_reduce_first=1, down_kernel_size=1, avg_down=True),
}
# Wide enough for all that is not a number.
SMALL = dict(
    stage_blocks=(2, 1, 1, 1),
    groups=4,
    base_width=4,
    base_channels=8,
    stem_channels=16,
)
each_form = pytest.mark.parametrize('form', ['std', 'vd'])


def small(form='std', **options):
    torch.manual_seed(0)
    return SENet154(form, **{**SMALL, **options})


def evaluating(model):
    """The model; mmdet's ``eval`` returns nothing."""
    model.eval()
    return model


def randomize(model):
    """Weights and statistics that leave no layer without effect."""
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            scale = 0.5 if value.dim() == 1 else value[0].numel() ** -0.5
            value.normal_(0, scale)
            if 'var' in name or value.dim() == 1 and 'weight' in name:
                value.abs_().add_(0.5)
    return evaluating(model)


def compare(form, blocks, size):
    timm = import_timm()
    torch.manual_seed(0)
    theirs = timm.create_model('senet154', layers=blocks, **TIMM[form])
    randomize(theirs)
    ours = evaluating(SENet154(form, stage_blocks=blocks))
    ours.load_state_dict(convert_timm_senet154(theirs.state_dict()))
    image = torch.randn(1, 3, *size)
    with torch.no_grad():
        features = theirs.forward_intermediates(
            image, intermediates_only=True
        )[1:]
        for found, expected in zip(ours(image), features, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
            assert expected.std() > 1e-3


@each_form
def test_output_is_timms(form):
    """Every stage, once with and once without a shortcut of its own; odd
    sizes, where the two could round differently."""
    compare(form, (2, 2, 1, 1), (75, 101))


@pytest.mark.slow
def test_output_of_all_154_layers_is_timms():
    compare('std', (3, 8, 36, 3), (64, 64))


@each_form
def test_parameters_are_timms(form):
    timm = import_timm()
    with torch.device('meta'):
        theirs = timm.create_model('senet154', **TIMM[form]).state_dict()
        ours = SENet154(form).state_dict()
    expected = convert_timm_senet154(theirs)
    assert {k: v.shape for k, v in ours.items()} == {
        k: v.shape for k, v in expected.items()
    }


def test_number_of_parameters_by_hand():
    """timm lists 115.09 M for senet154, with 2048 x 1000 + 1000 of fc."""
    with torch.device('meta'):
        count = sum(p.numel() for p in SENet154().parameters())
    assert round((count + 2049000) / 1e6, 2) == 115.09


def test_what_is_not_timms_is_refused():
    with pytest.raises(ValueError, match="timm's senet154, but got .'conv1"):
        convert_timm_senet154({'conv1.weight': 0, 'bn1.weight': 1})


@each_form
def test_shapes_of_the_outputs(form):
    model = evaluating(small(form, out_indices=(1, 3)))
    # Each convolution of stride 2 gives ceil(n / 2), the pool too.
    found = model(torch.zeros(2, 3, 65, 90))
    assert [tuple(f.shape) for f in found] == [(2, 64, 9, 12), (2, 256, 3, 3)]


@each_form
def test_frozen_stages_and_norms(form):
    model = small(form, frozen_stages=1, norm_eval=True)
    model.train()
    for name, parameter in model.named_parameters():
        frozen = name.startswith(('stem.', 'layer1.'))
        assert parameter.requires_grad != frozen, name
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    assert norms and not any(m.training for m in norms)
    model(torch.zeros(1, 3, 64, 64))[-1].sum().backward()
    assert model.layer2[0].se.conv1.conv.weight.grad is not None
    assert model.layer1[0].se.conv1.conv.weight.grad is None


def test_norm_cfg_reaches_every_norm():
    model = small(norm_cfg=dict(type='GN', num_groups=2))
    assert not any(isinstance(m, _BatchNorm) for m in model.modules())
    assert isinstance(model.layer1[0].norm1, torch.nn.GroupNorm)


@each_form
def test_checkpointing_changes_no_gradient(form):
    image = torch.randn(1, 3, 64, 64)
    gradients = []
    for with_cp in (False, True):
        model = small(form, with_cp=with_cp, norm_eval=True)
        torch.manual_seed(1)
        randomize(model).train()
        image.requires_grad_().grad = None
        model(image)[-1].sum().backward()
        gradients.append(model.layer1[0].conv1.weight.grad)
    assert gradients[0].abs().sum() > 0
    torch.testing.assert_close(*gradients)


def test_registered_and_options_are_checked():
    assert isinstance(
        MODELS.build(dict(type='mmdet.SENet154', **SMALL)), SENet154
    )
    with pytest.raises(ValueError, match="form must be one of 'std', 'vd'"):
        small('vc')
    with pytest.raises(ValueError, match='dcn must be None'):
        small(dcn=dict(type='DCNv2'))


def test_converter_of_files(root, tmp_path, monkeypatch, capsys):
    """timm's file in; what ``init_cfg`` loads out."""
    source = dict(small().state_dict())
    theirs = {
        name.replace('stem.7.', 'bn1.')
        .replace('stem.', 'conv1.')
        .replace('.se.conv', '.se.fc')
        .replace('.conv.', '.'): value
        for name, value in source.items()
    }
    torch.save({**theirs, 'fc.bias': torch.zeros(3)}, tmp_path / 'timm.bin')
    target = tmp_path / 'out' / 'ours.pth'
    tool = root / 'tools/model_converters/timm_senet154.py'
    command = [str(tool), str(tmp_path / 'timm.bin'), str(target)]
    monkeypatch.setattr('sys.argv', command)
    runpy.run_path(str(tool), run_name='__main__')
    assert f'{len(source)} tensors' in capsys.readouterr().out
    model = small(init_cfg=dict(type='Pretrained', checkpoint=str(target)))
    with torch.no_grad():
        model.stem[0].weight.fill_(7)
    model.init_weights()
    torch.testing.assert_close(model.stem[0].weight, source['stem.0.weight'])
