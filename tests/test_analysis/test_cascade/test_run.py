"""The study of a checkpoint: its images, its state and its errors."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config

from dense_scene.analysis.cascade.run import _choose, study_cascade
from dense_scene.analysis.cascade.study import CascadeStudy
from dense_scene.cli import main
from dense_scene.testing import tiny_coco
from tests.tiny_two_stage import build_model, model_config


@pytest.fixture
def files(tmp_path):
    """Config and checkpoint of a cascade, and three images."""
    ann_file = tiny_coco(tmp_path / 'data', num_images=3)
    content = json.loads(ann_file.read_text())
    # The last object of each image is a crowd, which is no object here.
    for annotation in content['annotations'][5::6]:
        annotation['iscrowd'] = 1
    ann_file.write_text(json.dumps(content))
    dataset = dict(
        type='DenseCocoDataset',
        ann_file=str(ann_file),
        data_prefix=dict(img=str(tmp_path / 'data/images')),
        test_mode=True,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(120, 96), keep_ratio=False),
            dict(type='PackDetInputs'),
        ],
    )
    Config(
        dict(
            model=model_config(2),
            test_dataloader=dict(dataset=dataset),
            custom_imports=dict(imports=['dense_scene']),
            default_scope='mmdet',
        )
    ).dump(tmp_path / 'config.py')
    torch.manual_seed(0)
    torch.save(build_model(2).state_dict(), tmp_path / 'weights.pth')
    return tmp_path


def run(files, out='out', **arguments):
    return study_cascade(
        files / 'config.py',
        files / 'weights.pth',
        files / out,
        min_iou=0.01,
        **arguments,
    )


def same(a, b):
    return all(
        np.array_equal(x, getattr(b, name)) for name, x in vars(a).items()
    )


def test_a_stopped_study_goes_on(files, monkeypatch):
    whole = run(files)
    assert whole.image_objects.tolist() == [5, 5, 5]
    assert whole.thresholds.tolist() == [0.5, 0.6]
    assert len(whole.objects) > 0

    measured, real = [], CascadeStudy.of_image

    def of_image(*arguments):
        measured.append(arguments)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(CascadeStudy, 'of_image', of_image)
    with pytest.raises(KeyboardInterrupt):
        run(files, 'again')
    boxes, objects = measured[0][:2]
    annotations = json.loads((files / 'data/annotations.json').read_text())
    xywh = [x['bbox'] for x in annotations['annotations'][:5]]
    assert objects[:, 2:].tolist() == [[x + w, y + h] for x, y, w, h in xywh]
    # In the frame of the image, 96 x 64, not in that of the input, 120 x 96.
    assert (boxes[0].max(axis=0) <= [96, 64, 96, 64]).all()
    assert boxes[0][:, 2].max() > 80 and boxes[0][:, 3].max() > 54

    assert same(run(files, 'again'), whole)
    # One done before, one stopped, two to go.
    assert len(measured) == 4
    assert same(run(files, 'again'), whole)
    assert len(measured) == 4
    # Another question is measured anew.
    assert len(run(files, 'again', num_images=1).image_objects) == 1
    assert len(measured) == 5


@pytest.mark.gpu
def test_a_gpu_measures_what_the_cpu_measures(files, gpu):
    ours, theirs = run(files, device=gpu.type), run(files, 'cpu', device='cpu')
    for name, column in vars(theirs).items():
        np.testing.assert_allclose(
            getattr(ours, name), column, rtol=1e-3, atol=1e-3
        )


def test_images_are_evenly_spread():
    assert _choose(11, 3) == [0, 5, 10]
    assert _choose(3, None) == _choose(3, 9) == [0, 1, 2]
    with pytest.raises(ValueError, match='must have images, but has none'):
        _choose(0, None)


def test_weights_of_another_model(files):
    torch.save(build_model(1).state_dict(), files / 'weights.pth')
    with pytest.raises(ValueError) as error:
        run(files)
    assert str(error.value).startswith(
        f"'{files}/weights.pth' must hold the weights of the config, but "
        'does not: '
    )
    assert '\n' not in str(error.value)
    assert not (files / 'out').exists()


@pytest.mark.parametrize('device', ['abacus', 'cuda:99'])
def test_a_device_that_is_not_there(files, device):
    words = f"^device must be one that torch can use here, but '{device}' is"
    with pytest.raises(ValueError, match=words) as error:
        run(files, device=device)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (dict(num_images=0), 'num_images must be a positive integer'),
        (dict(min_iou=1), 'min_iou must be a number in'),
    ],
)
def test_bad_numbers(tmp_path, arguments, words):
    with pytest.raises(ValueError) as error:
        study_cascade('c.py', 'w.pth', tmp_path / 'out', **arguments)
    assert str(error.value).startswith(words)
    assert not list(tmp_path.iterdir())


def test_the_command(files, capsys):
    arguments = [
        'cascade',
        str(files / 'config.py'),
        str(files / 'weights.pth'),
        '--out',
        str(files / 'out'),
        '--by',
        'neighbours',
        '--min-iou',
        '0.01',
        '--num-images',
        '2',
        '--cfg-options',
        'model.test_cfg.rpn.max_per_img=7',
    ]
    assert main(arguments) == 0
    figure = files / 'out/cascade_study.png'
    assert capsys.readouterr().out.endswith(f'{figure}\n')
    content = json.loads(figure.with_suffix('.json').read_text())
    assert (content['by'], content['images']) == ('neighbours', 2)
    assert 0 < content['rows'][0]['boxes'] <= 14

    assert main([*arguments[:2], str(files / 'none.pth')]) == 1
    error = capsys.readouterr().err
    assert f"'{files}/none.pth' does not exist" in error
    assert error.count('\n') == 1
