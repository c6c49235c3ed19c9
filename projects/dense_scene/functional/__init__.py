"""Tensor and array maths: no registry, no mmdet import."""
