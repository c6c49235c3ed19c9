"""Transforms registered in mmdet's TRANSFORMS."""
