"""Annotations of users' own data: COCO, Pascal VOC, YOLO and CSV."""

from .annotation_set import AnnotationSet
from .coco_format import read_coco, write_coco
from .convert import TARGETS, convert_annotations
from .csv_format import read_csv, write_csv, write_sku
from .read_annotations import SOURCES, guess_format, read_annotations
from .voc_format import read_voc, write_voc
from .yolo_format import read_yolo, write_yolo

__all__ = [
    'SOURCES',
    'TARGETS',
    'AnnotationSet',
    'convert_annotations',
    'guess_format',
    'read_annotations',
    'read_coco',
    'read_csv',
    'read_voc',
    'read_yolo',
    'write_coco',
    'write_csv',
    'write_sku',
    'write_voc',
    'write_yolo',
]
