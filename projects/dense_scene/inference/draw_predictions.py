"""Predictions of a checkpoint through mmdet's DetInferencer."""

from pathlib import Path

import cv2
import numpy as np
from mmdet.apis import DetInferencer

from .. import registration as registration  # the CLI alone does not
from ..evaluation.tables.ground_truth import GroundTruth
from ..utils.files import write_bytes
from ..visualization.boxes import draw_pair


def draw_predictions(
    config: Path | None,
    checkpoint: Path,
    ann_file: Path,
    image_dir: Path,
    out_dir: Path,
    num_images: int = 6,
    score_thr: float = 0.5,
) -> list[Path]:
    """Draw predictions beside the ground truth of a COCO annotation file.

    Args:
        config (Path | None): The model's config; None takes the one that is
            stored in the checkpoint.
        checkpoint (Path): A checkpoint of that model.
        ann_file (Path): COCO JSON with ``images`` and ``annotations``.
        image_dir (Path): The folder that its file names are relative to.
        out_dir (Path): Pictures are written here, one a scene.
        num_images (int): The first so many images. Defaults to 6.
        score_thr (float): Draw predictions from here on. Defaults to 0.5.
    """
    truth = GroundTruth.from_coco(ann_file)
    names = truth.file_names[:num_images]
    paths = [Path(image_dir) / name for name in names]
    inferencer = DetInferencer(
        str(config) if config else None, str(checkpoint), show_progress=False
    )
    results = inferencer([str(path) for path in paths], no_save_vis=True)

    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    pictures, rows = [], truth.group()
    for index, path in enumerate(paths):
        result = results['predictions'][index]
        scored = np.column_stack(
            [np.reshape(result['bboxes'], (-1, 4)), result['scores']]
        )
        boxes = truth.boxes[rows[index]]
        picture = draw_pair(cv2.imread(str(path)), boxes, scored, score_thr)
        pictures.append(out_dir / f'{path.stem}.png')
        write_bytes(pictures[-1], cv2.imencode('.png', picture)[1].tobytes())
    return pictures
