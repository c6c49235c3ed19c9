"""Matrix NMS against the loops of the paper."""

import math

import pytest
import torch

from dense_scene.models.post_processing import matrix_nms as module
from dense_scene.models.post_processing.matrix_nms import matrix_nms
from dense_scene.testing import random_boxes, touching_row


def iou(a, b):
    """IoU of two boxes, float64, by the definition."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    area = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (sum(area) - width * height)


def reference(boxes, scores, labels, kernel, sigma, post_thr, max_num):
    """PaddleDetection's loops, one class after the other."""
    boxes, scores, labels = (x.tolist() for x in (boxes, scores, labels))
    kept = []
    for label in sorted(set(labels)):
        order = [i for i in range(len(boxes)) if labels[i] == label]
        order.sort(key=lambda i: -scores[i])
        worst = []
        for rank, i in enumerate(order):
            ious = [iou(boxes[i], boxes[j]) for j in order[:rank]]
            decay = 1.0
            for overlap, most in zip(ious, worst):
                if kernel == 'linear':
                    if most == 1:  # 0 / 0 or infinite: no smaller
                        continue
                    ratio = (1 - overlap) / (1 - most)
                else:
                    ratio = math.exp(sigma * (most**2 - overlap**2))
                decay = min(decay, ratio)
            worst.append(max(ious, default=0.0))
            if scores[i] * decay > post_thr:
                kept.append((scores[i] * decay, i))
    kept.sort(key=lambda pair: -pair[0])
    kept = kept[:max_num] if max_num >= 0 else kept
    return [pair[0] for pair in kept], [pair[1] for pair in kept]


def clustered(n, generator, dtype=torch.float64):
    """Boxes in bunches: each overlaps a few dozen others."""
    base = random_boxes(max(n // 20, 1), (300, 300), generator)
    base = base + torch.tensor([0.0, 0.0, 20.0, 20.0])
    pick = torch.randint(len(base), (n,), generator=generator)
    noise = torch.randn(n, 4, generator=generator) * 3
    return (base[pick] + noise).to(dtype)


@pytest.mark.parametrize('kernel', ['linear', 'gaussian'])
@pytest.mark.parametrize('n', [0, 1, 2, 300])
@pytest.mark.parametrize('rows', [1024, 7])
def test_equals_the_loops(kernel, n, rows, generator, monkeypatch):
    monkeypatch.setattr(module, '_ROWS_AT_ONCE', rows)
    boxes = clustered(n, generator)
    scores = torch.rand(n, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (n,), generator=generator)
    for post_thr, max_num in ((0.0, -1), (0.05, 40), (0.3, 0)):
        rest = (kernel, 2.0, post_thr, max_num)
        expected, indices = reference(boxes, scores, labels, *rest)
        ours, keep = matrix_nms(boxes, scores, labels, *rest)
        assert keep.tolist() == indices
        torch.testing.assert_close(
            ours, torch.tensor(expected, dtype=torch.float64)
        )


def test_float32_is_near_float64(generator):
    boxes = clustered(600, generator)
    scores = torch.rand(600, generator=generator, dtype=torch.float64)
    labels = torch.zeros(600, dtype=torch.long)
    exact, where = matrix_nms(boxes, scores, labels)
    rough, place = matrix_nms(boxes.float(), scores.float(), labels)
    a, b = torch.zeros(2, 600, dtype=torch.float64)
    a[where], b[place] = exact, rough.double()
    torch.testing.assert_close(a, b, atol=1e-4, rtol=0)


def test_three_boxes_by_hand():
    """Ten wide each, 0, 5 and 10 to the right.

    IoU of neighbors is 50 / 150 = 1/3. The second falls to 1 - 1/3; the
    third to (1 - 1/3) / (1 - 1/3) = 1, because what covers it is itself
    covered.
    """
    boxes = torch.tensor([[x, 0.0, x + 10, 10.0] for x in (0.0, 5.0, 10.0)])
    scores = torch.tensor([0.9, 0.6, 0.3])
    lowered, keep = matrix_nms(boxes, scores, torch.zeros(3))
    assert keep.tolist() == [0, 1, 2]
    assert lowered.tolist() == pytest.approx([0.9, 0.4, 0.3])


@pytest.mark.parametrize('kernel', ['linear', 'gaussian'])
def test_touching_objects_are_left_alone(kernel):
    boxes, scores = touching_row(600), torch.linspace(1, 0.1, 600)
    lowered, keep = matrix_nms(boxes, scores, torch.zeros(600), kernel)
    assert torch.equal(lowered, scores)
    assert keep.tolist() == list(range(600))


def test_of_equal_boxes_one_is_left():
    boxes = torch.tensor([[3.0, 4.0, 13.0, 24.0]]).repeat(5, 1)
    scores = torch.tensor([0.5, 0.9, 0.7, 0.6, 0.8])
    lowered, keep = matrix_nms(boxes, scores, torch.zeros(5))
    assert keep.tolist() == [1]
    assert lowered[0] == scores[1]
    # Unless their labels differ
    assert len(matrix_nms(boxes, scores, torch.arange(5))[1]) == 5


def test_order_of_the_input_does_not_count(generator):
    boxes = clustered(200, generator)
    scores = torch.rand(200, generator=generator, dtype=torch.float64)
    labels = torch.randint(2, (200,), generator=generator)
    lowered, keep = matrix_nms(boxes, scores, labels)
    shuffle = torch.randperm(200, generator=generator)
    again, where = matrix_nms(boxes[shuffle], scores[shuffle], labels[shuffle])
    assert torch.equal(lowered, again)
    assert torch.equal(keep, shuffle[where])


def test_half_precision_and_no_area():
    boxes = torch.tensor([[0, 0, 8, 8], [0, 0, 8, 8], [5, 5, 5, 5]]).half()
    scores = torch.tensor([0.5, 0.25, 0.125]).half()
    lowered, keep = matrix_nms(boxes, scores, torch.zeros(3))
    assert lowered.dtype == torch.half
    assert keep.tolist() == [0, 2]


def test_an_unknown_kernel_is_refused():
    with pytest.raises(ValueError, match='kernel'):
        matrix_nms(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0), 'cubic')


@pytest.mark.gpu
@pytest.mark.parametrize('kernel', ['linear', 'gaussian'])
def test_cuda_equals_the_cpu(kernel, generator, gpu):
    boxes = clustered(3000, generator)
    scores = torch.rand(3000, generator=generator, dtype=torch.float64)
    inputs = (boxes, scores, torch.randint(3, (3000,), generator=generator))
    lowered, keep = matrix_nms(*inputs, kernel)
    on_device = matrix_nms(*(x.to(gpu) for x in inputs), kernel)
    torch.testing.assert_close(on_device[0].cpu(), lowered)
    assert torch.equal(on_device[1].cpu(), keep)
