"""Pictures of predictions."""

from .error_gallery import draw_error_gallery, draw_errors
from .pairs import draw_boxes, draw_pair

__all__ = ['draw_boxes', 'draw_error_gallery', 'draw_errors', 'draw_pair']
