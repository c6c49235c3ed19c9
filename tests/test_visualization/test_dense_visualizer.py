"""DenseVisualizer in the places where mmdet takes a visualizer."""

import cv2
import mmcv
import numpy as np
import pytest
import torch
from mmdet.engine.hooks import DetVisualizationHook
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer

from dense_scene.testing import random_boxes, tiny_coco
from dense_scene.visualization.dense_visualizer import DenseVisualizer
from dense_scene.visualization.palette import BLUE, ORANGE, to_rgb


@pytest.fixture
def visualizer(monkeypatch):
    monkeypatch.setattr(DenseVisualizer, '_instance_dict', {})
    made = VISUALIZERS.build(dict(type='DenseVisualizer'))
    made.dataset_meta = dict(classes=('object',), palette='random')
    return made


def sample_of(count, **more):
    sample = DetDataSample(metainfo=dict(more))
    boxes = random_boxes(count, (700, 700))
    labels, scores = torch.zeros(count).long(), torch.full((count,), 0.9)
    columns = dict(bboxes=boxes, labels=labels, scores=scores)
    sample.pred_instances = InstanceData(**columns)
    return sample


def image(side=700):
    return np.full((side, side, 3), 90, np.uint8)


def has(color, picture):
    return (picture == np.array(to_rgb(color))).all(-1).any()


@pytest.mark.parametrize('count', [0, 1, 600])
def test_it_draws_predictions_without_matplotlib(visualizer, count, tmp_path):
    visualizer._axes = None  # matplotlib would fail
    path = tmp_path / 'a.png'
    visualizer.add_datasample('a', image(), sample_of(count), out_file=path)
    picture = visualizer.get_image()
    assert picture.dtype == np.uint8 and picture.shape[1] == 700
    assert (picture[30:] != 90).any() == (count > 0)
    np.testing.assert_array_equal(cv2.imread(str(path))[..., ::-1], picture)


def test_low_scores_are_not_drawn(visualizer):
    visualizer.add_datasample(
        'a', image(), sample_of(5), pred_score_thr=0.9, draw_gt=False
    )
    assert (visualizer.get_image()[40:] == 90).all()


def test_truth_and_predictions_become_one_picture(visualizer):
    sample = sample_of(0)
    box = torch.tensor([[100.0, 100, 300, 300]])
    truth = dict(bboxes=HorizontalBoxes(box), labels=torch.zeros(1).long())
    sample.gt_instances = InstanceData(**truth)
    visualizer.add_datasample('a', image(), sample)
    picture = visualizer.get_image()
    assert picture.shape[1] == 700 and has(ORANGE, picture[40:])
    # browse_dataset: ground truth alone, as NumPy arrays
    sample.gt_instances.bboxes = box
    visualizer.add_datasample('a', image(), sample.numpy(), draw_pred=False)
    assert has(BLUE, visualizer.get_image()[40:])


def test_without_boxes_the_image_is_kept(visualizer):
    gray = np.full((50, 60), 300.0)
    for sample in (None, DetDataSample()):
        visualizer.add_datasample('a', gray, sample)
        assert (visualizer.get_image() == np.full((50, 60, 3), 255)).all()


def test_what_mmengine_adds_later_is_seen(visualizer):
    visualizer.set_image(image())
    visualizer.draw_bboxes(torch.tensor([[10.0, 10, 90, 90]]), edge_colors='r')
    assert (visualizer.get_image() != 90).any()
    visualizer.set_image(image())
    assert (visualizer.get_image() == 90).all()


def test_masks_and_segmentations_are_drawn_by_mmdet(visualizer):
    sample = sample_of(1)
    masks = torch.zeros(1, 700, 700, dtype=torch.bool)
    masks[:, 300:400, 300:400] = True
    sample.pred_instances.masks = masks
    visualizer.add_datasample('a', image(), sample, draw_gt=False)
    assert visualizer.get_image().shape == (700, 700, 3)
    assert (visualizer.get_image()[340:360, 340:360] != 90).any()


def test_in_the_hook_of_a_test(visualizer, monkeypatch, tmp_path):
    tiny_coco(tmp_path, 1)
    path = str(tmp_path / 'images/000001.png')
    monkeypatch.setattr(Visualizer, 'get_current_instance', lambda: visualizer)
    hook = DetVisualizationHook(draw=True, test_out_dir='vis')

    class Runner:
        work_dir, timestamp = str(tmp_path), 'now'

    hook.after_test_iter(Runner, 0, {}, [sample_of(3, img_path=path)])
    drawn = mmcv.imread(str(tmp_path / 'now/vis/000001.png'))
    # 96 x 64 pixels, enlarged ten times
    assert drawn.shape[1] == 960
