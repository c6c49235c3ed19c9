"""Checkpoints are data: what is read of them, and where they come from."""
