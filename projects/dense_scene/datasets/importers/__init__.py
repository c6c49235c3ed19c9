"""Annotations of other programs: COCO, Pascal VOC, YOLO and CSV."""
