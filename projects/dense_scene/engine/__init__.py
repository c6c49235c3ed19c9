"""Hooks and checkpoint safety."""
