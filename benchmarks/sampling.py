"""Objects that samplers leave without a positive, and what sampling costs.

    python benchmarks/sampling.py

Claim: with InstanceBalancedSampler no object is without a positive anchor if
the assigner gives it one, at the sizes of the baseline (RPN 256, RoI 512) and
of dense sampling (1024, 3072); it takes a fraction of the time of mmdet's
InstanceBalancedPosSampler, and IoUBinNegSampler of IoUBalancedNegSampler.

RPN: true objects, and the anchors, assigner and samplers of the configs. RoI:
stage 1 of the cascade, on boxes drawn around the true objects, as there is no
trained RPN; counted by ProposalQualityMetric's own code. Nuclei need their
data set (--nuclei); shelves are planned, not drawn.
"""

import argparse
import copy
import json
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmdet.models.task_modules import AssignResult, anchor_inside_flags
from mmdet.registry import TASK_UTILS
from mmdet.utils import register_all_modules
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

import dense_scene  # noqa: F401  registers the samplers
from dense_scene.analysis.proposals.quality import measure_proposals
from shelf_scenes.layout import plan_scene

ROOT = Path(__file__).parents[1]
NUCLEI = Path(os.environ.get('NUCLEI_ROOT', 'data/nuclei'))
PEER = 'InstanceBalancedPosSampler'
# Config and, where it is another than the config's, the type of sampler.
ROWS = {
    'baseline, RandomSampler': ('', None),
    'baseline, mmdet balanced': ('', PEER),
    'baseline, ours': ('_instance-balanced', None),
    'dense sampling, RandomSampler': ('_dense-proposal', None),
    'dense sampling, mmdet balanced': ('_dense-proposal', PEER),
    'dense sampling, ours': ('_dense-proposal', 'InstanceBalancedSampler'),
}


def load_model(family: str, part: str) -> ConfigDict:
    """The model of a row; both families have one anchor scale."""
    name = f'cascade-rcnn_r101-scratch_fpn{part}_1xb2-24e_{family}.py'
    return Config.fromfile(ROOT / 'configs' / family / name).model


def nuclei_images(folder: Path, count: int) -> Iterator[tuple]:
    """Height, width and boxes of images of nuclei/val at the test scale."""
    content = json.loads((folder / 'val.json').read_bytes())
    for image in content['images'][:count]:
        boxes = [
            item['bbox']
            for item in content['annotations']
            if item['image_id'] == image['id']
        ]
        boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        size = image['height'], image['width']
        scale = min(512 / min(size), 1333 / max(size))
        yield *(round(side * scale) for side in size), boxes * scale


def shelf_images(count: int, objects: int | None = None) -> Iterator[tuple]:
    """The same of planned shelves of 1024 px, at the test scale."""
    for seed in range(count):
        fixed = None if objects is None else (objects, objects)
        scene = plan_scene(np.random.default_rng(seed), (1024, 1024), fixed)
        yield 800, 800, torch.from_numpy(scene.boxes) * 800 / 1024


def truth_of(boxes: Tensor) -> InstanceData:
    """Objects of one class."""
    labels = torch.zeros(len(boxes), dtype=torch.long)
    return InstanceData(bboxes=boxes, labels=labels)


def anchors_of(model: ConfigDict, height: int, width: int) -> InstanceData:
    """The anchors that the RPN trains on."""
    generator = TASK_UTILS.build(model.rpn_head.anchor_generator)
    maps = [(-(-height // s[1]), -(-width // s[0])) for s in generator.strides]
    anchors = torch.cat(generator.grid_priors(maps, device='cpu'))
    inside = anchor_inside_flags(
        anchors,
        torch.ones(len(anchors), dtype=torch.bool),
        (height, width),
        model.train_cfg.rpn.allowed_border,
    )
    return InstanceData(priors=anchors[inside])


def proposals_of(boxes: Tensor, count: int) -> InstanceData:
    """Half of them around the objects, half of the same sizes anywhere."""
    g = torch.Generator().manual_seed(0)
    chosen = boxes[torch.randint(len(boxes), (count,), generator=g)]
    size = chosen[:, 2:] - chosen[:, :2]
    noise = torch.randn(count, 4, generator=g) * 0.15
    noise[count // 2 :, :2] *= 50
    center = chosen[:, :2] + size * (0.5 + noise[:, :2])
    half = size * noise[:, 2:].exp() / 2
    return InstanceData(priors=torch.cat([center - half, center + half], 1))


def build_sampler(config: ConfigDict, name: str | None) -> object:
    """The config's sampler, or one of the same size and another type."""
    config = config.copy()
    if name:
        config.type = name
    return TASK_UTILS.build(config)


def rpn_without(
    sampler: object, assigned: AssignResult, case: tuple
) -> tuple[int, int]:
    """Objects that lose all their anchors; sampled positives."""
    result = sampler.sample(copy.copy(assigned), *case)
    have = assigned.gt_inds[assigned.gt_inds > 0].unique().numel()
    got = result.pos_assigned_gt_inds.unique().numel()
    return have - got, len(result.pos_inds)


def roi_without(
    model: ConfigDict, name: str | None, boxes: Tensor
) -> tuple[int, int]:
    """Objects without a positive at stage 1, as the metric counts.

    And those that lose all proposals that were assigned to them: what they
    may have is a copy of themselves, which the metric counts too.
    """
    stage = model.train_cfg.rcnn[0]
    count = model.train_cfg.rpn_proposal.max_per_img
    case = proposals_of(boxes, count), truth_of(boxes)
    assigned = TASK_UTILS.build(stage.assigner).assign(*case)
    have = assigned.gt_inds[assigned.gt_inds > 0].unique().numel()
    result = build_sampler(stage.sampler, name).sample(assigned, *case)
    proposals = result.pos_assigned_gt_inds[result.pos_is_gt == 0]
    quality = measure_proposals(
        boxes.numpy(),
        np.zeros((0, 4)),
        [result.priors.numpy()],
        [stage.assigner.pos_iou_thr],
        (),
    )
    without = int(quality.positives_histogram[0, 0])
    return without, have - proposals.unique().numel()


def measure_family(family: str, images: list[tuple]) -> None:
    """Print one line per row."""
    models = {row: load_model(family, part) for row, (part, _) in ROWS.items()}
    totals = {row: np.zeros(4, dtype=int) for row in ROWS}
    objects = unassigned = 0
    for height, width, boxes in images:
        if not len(boxes):
            continue
        first = next(iter(models.values()))
        case = anchors_of(first, height, width), truth_of(boxes)
        assigner = TASK_UTILS.build(first.train_cfg.rpn.assigner)
        assigned = assigner.assign(*case)
        objects += len(boxes)
        found = assigned.gt_inds[assigned.gt_inds > 0].unique().numel()
        unassigned += len(boxes) - found
        for row, (_, name) in ROWS.items():
            model = models[row]
            sampler = build_sampler(model.train_cfg.rpn.sampler, name)
            totals[row][:2] += rpn_without(sampler, assigned, case)
            totals[row][2:] += roi_without(model, name, boxes)
    print(
        f'\n{family}: {len(images)} images with up to '
        f'{max(len(boxes) for *_, boxes in images)} objects, {objects} in '
        f'all; {unassigned} get no anchor from the assigner'
    )
    print(
        'objects without a positive       RPN    RoI  but copies  RPN '
        'positives/image'
    )
    for row, (rpn, positives, *roi) in totals.items():
        mean = positives / len(images)
        print(f'{row:30s} {rpn:5d} {roi[0]:6d} {roi[1]:11d} {mean:20.0f}')


def best_ms(function: object, repeats: int) -> tuple[float, float]:
    """Best wall and core time of several calls, milliseconds."""
    times = []
    for _ in range(repeats):
        wall, core = time.perf_counter(), time.process_time()
        function()
        core = time.process_time() - core
        times.append((time.perf_counter() - wall, core))
    return tuple(1e3 * min(column) for column in zip(*times))


def measure_time(objects: int, repeats: int) -> None:
    """Print ours, the peer and the ratio, for an RPN's anchors."""
    # The smallest row that has positives for all, so that samplers draw.
    model = load_model('shelves', '' if objects < 256 else '_dense-proposal')
    height, width, boxes = next(shelf_images(1, objects))
    case = anchors_of(model, height, width), truth_of(boxes)
    assigner = TASK_UTILS.build(model.train_cfg.rpn.assigner)
    assigned = assigner.assign(*case)
    config = model.train_cfg.rpn.sampler
    print(
        f'\none call, RPN {config.num} x 0.5, {len(boxes)} objects, '
        f'{len(case[0])} anchors, {int((assigned.gt_inds > 0).sum())} '
        'positives: best wall (core) ms'
    )
    pairs = (
        ('InstanceBalancedSampler', PEER),
        ('InstanceBalancedSampler', 'RandomSampler'),
        ('IoUBinNegSampler', 'IoUBalancedNegSampler'),
    )
    for pair in pairs:
        (ours, our_core), (peer, peer_core) = (
            best_ms(lambda s=s: s.sample(assigned, *case), repeats)
            for s in (build_sampler(config, name) for name in pair)
        )
        print(
            f'{pair[0]} {ours:.1f} ({our_core:.1f}), {pair[1]} {peer:.1f} '
            f'({peer_core:.1f}), ratio {peer / ours:.1f} '
            f'({peer_core / our_core:.1f})'
        )


def main() -> None:
    """Count on both families, then take the time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=30)
    parser.add_argument('--repeats', type=int, default=7)
    parser.add_argument('--nuclei', type=Path, default=NUCLEI)
    args = parser.parse_args()
    # mmengine imports it anew for every config.
    warnings.filterwarnings('ignore', 'pkg_resources')
    register_all_modules()
    torch.manual_seed(0)
    print(f'load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores')
    if (args.nuclei / 'val.json').is_file():
        images = nuclei_images(args.nuclei, args.images)
        measure_family('nuclei', list(images))
    else:
        print(f'nuclei: not measured, as there is no {args.nuclei}')
    measure_family('shelves', list(shelf_images(args.images)))
    for objects in (147, 576):
        measure_time(objects, args.repeats)


if __name__ == '__main__':
    main()
