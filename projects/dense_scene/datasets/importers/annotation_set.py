"""The annotations of any format, on their way to another."""

import os
from dataclasses import dataclass, field, replace

import numpy as np

from ...utils.boxes import clip_boxes
from ..annotation_columns import AnnotationColumns


@dataclass(frozen=True, eq=False)
class AnnotationSet:
    """Columns, the names of the labels, and what a reader wants to say."""

    columns: AnnotationColumns  # boxes in float64: decimals survive
    classes: tuple[str, ...]  # labels are indices into them
    notes: list[str] = field(default_factory=list)  # what was not kept

    @property
    def names(self) -> list[str]:
        """The images' file names."""
        return [os.fsdecode(name) for name in self.columns.file_names.tolist()]

    def summary(self) -> str:
        """How much it holds, and the notes, a line each."""
        boxes, classes = len(self.columns.boxes), len(self.classes)
        count = f'{len(self.columns)} images, {boxes} boxes, {classes} classes'
        return '\n'.join((count, *self.notes))

    def clipped(self) -> 'AnnotationSet':
        """Boxes cut at their image's edge; those outside of it left out."""
        columns = self.columns
        sizes = np.repeat(columns.sizes[:, ::-1], columns.counts, axis=0)
        boxes, inside = clip_boxes(columns.boxes, sizes, min_side=0)
        same = (boxes == columns.boxes).all(axis=1)
        # What has no area from the start is not this function's business.
        keep = inside | same
        kept = replace(columns, boxes=boxes).keep_boxes(keep)
        note = (
            f'clipped {int((keep & ~same).sum())} boxes to their image, left '
            f'out {int((~keep).sum())} outside of it'
        )
        return replace(self, columns=kept, notes=[*self.notes, note])

    def rounded(self, digits: int) -> np.ndarray:
        """The boxes with this many decimals, (N, 4) float64, xyxy."""
        # Adding 0 turns -0 into 0.
        return np.round(self.columns.boxes, digits) + 0.0
