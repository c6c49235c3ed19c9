"""Detections on disk: written by a test, evaluated again later."""
