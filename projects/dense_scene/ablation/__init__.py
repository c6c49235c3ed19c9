"""Sweeps over configs and seeds."""
