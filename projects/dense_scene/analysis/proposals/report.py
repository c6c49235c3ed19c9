"""The quality of proposals as a table, a picture and JSON."""

import json
from pathlib import Path

import cv2
from mmengine.runner import Runner

from ...utils.files import write_bytes
from ...utils.tables import format_table
from .plot import plot_proposal_quality
from .quality import ProposalQuality


def format_proposal_quality(quality: ProposalQuality) -> str:
    """Average recall, and a table of what each stage gets."""
    recalls = zip(quality.proposal_nums, quality.average_recall)
    heading = (
        f'Proposals: {quality.proposals / quality.images:.1f} per image, '
        f'{quality.objects} objects in {quality.images} images\n'
    )
    heading += '  '.join(f'AR@{k} {recall:.4f}' for k, recall in recalls)
    counts = quality.positives_histogram[:, 0]
    without = zip(counts, quality.objects_without_positive)
    columns = {
        'stage': range(1, len(quality.inputs) + 1),
        'positive from': quality.pos_iou_thrs,
        'mean IoU': [f'{iou:.4f}' for iou in quality.mean_iou],
        'positives/object': [f'{n:.2f}' for n in quality.positives_per_object],
        'objects without': [f'{n} ({share:.2%})' for n, share in without],
    }
    return f'{heading}\n{format_table(list(columns), zip(*columns.values()))}'


def publish_proposal_quality(
    quality: ProposalQuality, runner: Runner, split: str, step: int
) -> None:
    """Plot to the visualizer; plot and counts to the log folder."""
    name = f'proposal_quality_{split}'
    picture = plot_proposal_quality(quality)
    runner.visualizer.add_image(name, picture, step=step)
    path = Path(runner.log_dir) / f'{name}_{step}.png'
    coded = cv2.imencode('.png', cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    write_bytes(path, coded.tobytes())
    counts = json.dumps(quality.to_dict(), indent=1)
    write_bytes(path.with_suffix('.json'), counts.encode())
