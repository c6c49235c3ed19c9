"""Tables of objects, detections, matches and results."""
