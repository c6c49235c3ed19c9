"""Predictions of a trained model; only checkpoints need torch and mmdet."""
