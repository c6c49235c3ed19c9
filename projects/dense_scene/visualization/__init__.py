"""Pictures of predictions."""

from .pairs import draw_boxes, draw_pair

__all__ = ['draw_boxes', 'draw_pair']
