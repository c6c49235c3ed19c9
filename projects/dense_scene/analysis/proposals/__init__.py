"""How good the proposals of each cascade stage are."""

from .proposal_quality_hook import ProposalQualityHook
from .proposal_quality_metric import ProposalQualityMetric

__all__ = ['ProposalQualityHook', 'ProposalQualityMetric']
