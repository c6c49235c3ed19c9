"""Metrics for hundreds of objects per image."""

from .detections import Detections
from .ground_truth import GroundTruth
from .image_table import ImageTable
from .proposal_quality_metric import ProposalQualityMetric

__all__ = ['Detections', 'GroundTruth', 'ImageTable', 'ProposalQualityMetric']
