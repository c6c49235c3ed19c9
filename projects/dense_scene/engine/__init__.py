"""Hooks, and checkpoints: read as data, written whole, found again."""
