"""Max-IoU assignment without the matrix of boxes x objects."""
