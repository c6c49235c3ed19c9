"""Sheets that show what a training pipeline does."""
