"""Predictions of a trained model; importing it registers our classes."""

from .. import registration as registration
