"""The library functions behind ``tools/``."""

from .datasets.conversion import convert_annotations
from .datasets.shelves import render_shelf, write_shelf_sheet, write_shelves
from .datasets.subset import write_subset as make_sku110k_subset
from .demo import run_demo
from .engine.study_cascade import study_cascade
from .evaluation import (
    advise_config,
    advise_dataset,
    analyse_error_file,
    analyse_errors,
    compare_detections,
    evaluate_detections,
    format_results,
)
from .evaluation.challenge_csv import convert_detections
from .evaluation.seed_study import format_seed_studies, read_seed_study
from .inference import draw_predictions
from .preparation import prepare_sku110k
from .visualization import draw_error_gallery
from .visualization.augmentation_sheet import (
    draw_augmentation_sheet,
    write_augmentation_sheet,
)
from .visualization.cascade_study_plot import draw_cascade_study
from .visualization.crop_sheet import draw_crop_sheet, write_crop_sheet
from .visualization.stage_loss_plot import draw_stage_losses

__all__ = [
    'advise_config',
    'advise_dataset',
    'analyse_error_file',
    'analyse_errors',
    'compare_detections',
    'convert_annotations',
    'convert_detections',
    'draw_augmentation_sheet',
    'draw_cascade_study',
    'draw_crop_sheet',
    'draw_error_gallery',
    'draw_predictions',
    'draw_stage_losses',
    'evaluate_detections',
    'format_results',
    'format_seed_studies',
    'make_sku110k_subset',
    'prepare_sku110k',
    'read_seed_study',
    'render_shelf',
    'study_cascade',
    'write_augmentation_sheet',
    'write_crop_sheet',
    'write_shelf_sheet',
    'write_shelves',
    'run_demo',
]
