"""Metrics for hundreds of objects per image."""

from .advise_config import advise_config
from .advise_dataset import DatasetAdvice, advise_dataset
from .anchor_advice import AnchorRecall, advise_anchors
from .backends import load_backend
from .bootstrap import bootstrap_difference, compare_detections
from .coco_tables import CocoTables
from .dense_coco_metric import DenseCocoMetric
from .density_report import DensityReport
from .detection_cap_hook import DetectionCapHook
from .detection_store import DetectionStore, load_detections, save_detections
from .detections import Detections
from .error_analysis import analyse_error_file, analyse_errors
from .error_report import ErrorReport
from .format_advice import format_advice
from .ground_truth import GroundTruth
from .image_table import ImageTable
from .matches import Matches
from .measure_density import measure_density
from .paired_bootstrap import PairedBootstrap
from .proposal_quality_metric import ProposalQualityMetric
from .suppress import suppress
from .sweep import evaluate_detections, format_results

__all__ = [
    'AnchorRecall',
    'CocoTables',
    'DatasetAdvice',
    'DenseCocoMetric',
    'DensityReport',
    'DetectionCapHook',
    'DetectionStore',
    'Detections',
    'ErrorReport',
    'GroundTruth',
    'ImageTable',
    'Matches',
    'PairedBootstrap',
    'ProposalQualityMetric',
    'advise_anchors',
    'advise_config',
    'advise_dataset',
    'analyse_error_file',
    'analyse_errors',
    'bootstrap_difference',
    'compare_detections',
    'evaluate_detections',
    'format_advice',
    'format_results',
    'load_backend',
    'load_detections',
    'measure_density',
    'save_detections',
    'suppress',
]
