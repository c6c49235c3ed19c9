"""The library functions behind ``tools/``."""

from .datasets.shelves import render_shelf, write_shelf_sheet, write_shelves
from .datasets.subset import write_subset as make_sku110k_subset
from .demo import run_demo
from .evaluation import (
    analyse_error_file,
    analyse_errors,
    compare_detections,
    evaluate_detections,
    format_results,
)
from .inference import draw_predictions
from .visualization import draw_error_gallery

__all__ = [
    'analyse_error_file',
    'analyse_errors',
    'compare_detections',
    'draw_error_gallery',
    'draw_predictions',
    'evaluate_detections',
    'format_results',
    'make_sku110k_subset',
    'render_shelf',
    'write_shelf_sheet',
    'write_shelves',
    'run_demo',
]
