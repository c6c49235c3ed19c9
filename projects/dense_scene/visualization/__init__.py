"""Boxes on images, figures and their colors."""
