"""What turns raw detections into the ones that are kept."""
