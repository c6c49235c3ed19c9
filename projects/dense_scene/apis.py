"""The library functions behind ``tools/``."""

from .datasets.shelves import render_shelf, write_shelf_sheet, write_shelves
from .datasets.subset import write_subset as make_sku110k_subset
from .demo import run_demo
from .evaluation import (
    compare_detections,
    evaluate_detections,
    format_results,
)
from .inference import draw_predictions

__all__ = [
    'compare_detections',
    'draw_predictions',
    'evaluate_detections',
    'format_results',
    'make_sku110k_subset',
    'render_shelf',
    'write_shelf_sheet',
    'write_shelves',
    'run_demo',
]
