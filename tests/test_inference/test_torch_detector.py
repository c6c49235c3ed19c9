"""Checkpoints as detectors: their config, their classes, their weights."""

import cv2
import numpy as np
import pytest
from mmdet.apis import DetInferencer

from dense_scene.inference.torch_detector import TorchDetector


def read(photos, *names):
    return [cv2.imread(str(photos / name)) for name in names]


def test_it_gives_what_the_inferencer_gives(save, photos, tmp_path):
    path = str(save())
    detector = TorchDetector(path, device='cpu')
    images = read(photos, 'a.png', 'b.jpg')
    found = detector(images)
    stock = DetInferencer(weights=path, device='cpu', show_progress=False)
    for image, boxes in zip(images, found):
        wanted = stock(image, return_datasamples=True)['predictions'][0]
        wanted = wanted.pred_instances.numpy()
        assert len(boxes) > 0
        np.testing.assert_allclose(boxes.boxes, wanted.bboxes, atol=0.01)
        np.testing.assert_allclose(boxes.scores, wanted.scores, atol=1e-5)
    assert detector.classes == ('thing',)
    # the test scale is 128 x 96: a tile of 96 is not made smaller
    assert detector.full_side == 96


def test_half_finds_the_same(save, photos):
    path, images = save(), read(photos, 'a.png')
    full = TorchDetector(path, device='cpu')(images)[0]
    half = TorchDetector(path, device='cpu', half=True)(images)[0]
    best = np.abs(full.boxes[:1] - half.boxes).max(axis=1).min()
    assert half.boxes.dtype == np.float32 and best < 4
    assert (full.boxes[: len(half)] != half.boxes[: len(full)]).any()


def test_an_image_of_one_pixel_and_one_of_an_odd_shape(save):
    detector = TorchDetector(save(), device='cpu')
    for size in ((1, 1), (3, 90), (500, 40)):
        found = detector([np.full((*size, 3), 90, np.uint8)])[0]
        assert (found.boxes >= 0).all()
        assert (found.boxes <= [*size[::-1]] * 2).all()


@pytest.mark.parametrize(
    'meta', [dict(), dict(dataset_meta=dict()), dict(CLASSES=('thing',))]
)
def test_weights_without_classes_are_not_those_of_coco(
    save, config_text, meta
):
    detector = TorchDetector(save(meta=dict(meta, cfg=config_text)))
    wanted = ('thing',) if 'CLASSES' in meta else ('class 0',)
    assert detector.classes == wanted


def test_weights_without_a_config_need_one(save, tmp_path, config_text):
    path = save(meta=dict(dataset_meta=dict(classes=('thing',))))
    with pytest.raises(ValueError, match='Give --config'):
        TorchDetector(path)
    (tmp_path / 'tiny.py').write_text(config_text)
    assert TorchDetector(path, tmp_path / 'tiny.py').classes == ('thing',)


def test_weights_of_another_model_are_refused(save, state_dict):
    parts = dict(
        list(state_dict.items())[10:]
    )  # 9 without num_batches_tracked
    with pytest.raises(ValueError, match='9 of .* lacks it'):
        TorchDetector(save(state_dict=parts))
    name, tensor = next(iter(state_dict.items()))
    wrong = dict(state_dict) | {name: tensor[:1]}
    with pytest.raises(ValueError, match=f'{name} is .* has'):
        TorchDetector(save(state_dict=wrong))
    with pytest.raises(ValueError):
        TorchDetector(save(state_dict={}))


def test_files_that_are_missing(save, tmp_path):
    with pytest.raises(FileNotFoundError, match='weights must be a file'):
        TorchDetector(tmp_path / 'no.pth')
    with pytest.raises(FileNotFoundError, match='config must be a file'):
        TorchDetector(save(), tmp_path / 'no.py')


def test_pictures_of_the_inferencer(save, photos):
    """96 x 64 pixels, enlarged ten times, below a bar."""
    detector = TorchDetector(save(), device='cpu')
    images = read(photos, 'a.png')
    result = detector._inferencer(images, return_vis=True)
    picture = result['visualization'][0]
    assert picture.shape[1] == 960 and picture.shape[0] > 640
