"""Results of a suite beside the paper's, with intervals."""
