"""Rendered shelf scenes with exact boxes: endless dense training data.

Needs NumPy, OpenCV and rich only; nothing here imports mmdet.
"""

from .render import render_shelf
from .sheet import draw_sheet, write_shelf_sheet
from .write import write_shelves

__all__ = ['draw_sheet', 'render_shelf', 'write_shelf_sheet', 'write_shelves']
