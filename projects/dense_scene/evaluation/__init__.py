"""What runs inside `mim test`, and stored detections."""
