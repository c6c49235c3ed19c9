"""A detector as a file that runs without this stack."""
