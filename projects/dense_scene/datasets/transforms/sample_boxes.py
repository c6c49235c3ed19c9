"""What every transform of boxes does to the dict of a sample."""

import numpy as np
from mmdet.structures.bbox import HorizontalBoxes

_PER_BOX = ('gt_bboxes_labels', 'gt_ignore_flags', 'gt_instances_ids')
_NOT_MOVED = ('gt_masks', 'gt_seg_map', 'gt_keypoints', 'proposals')


def require_boxes_alone(results: dict, name: str) -> None:
    """Raise where there is something that transform ``name`` cannot move.

    Masks, keypoints, proposals, or ``gt_bboxes`` that are not HorizontalBoxes.
    """
    boxes = results.get('gt_bboxes')
    if boxes is not None and not isinstance(boxes, HorizontalBoxes):
        wanted = f'{name} must be used on HorizontalBoxes'
        raise TypeError(f'{wanted}, but got {type(boxes).__name__}.')
    if given := [k for k in _NOT_MOVED if results.get(k) is not None]:
        wanted = f'{name} must be used on boxes alone'
        raise ValueError(f'{wanted}, but got {", ".join(given)}.')


def keep_rows(results: dict, rows: np.ndarray) -> None:
    """Take rows, indices or (N,) bool, of what goes along with the boxes."""
    for key in _PER_BOX:
        if results.get(key) is not None:
            results[key] = results[key][rows]


def record_move(results: dict, matrix: np.ndarray) -> None:
    """Put a (3, 3) map of positions behind ``homography_matrix``."""
    before = results.get('homography_matrix')
    matrix = matrix if before is None else matrix @ before
    results['homography_matrix'] = np.asarray(matrix, np.float32)
