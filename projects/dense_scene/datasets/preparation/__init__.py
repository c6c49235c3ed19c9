"""Checking a data set before it is used; nothing in it is changed."""

from .check import SKU110KCheck, SplitCheck, check_sku110k
from .faults import FAULT_KINDS, Fault, FaultKind
from .image_record import ImageRecord, inspect_image
from .parallel_inspection import inspect_images
from .write_manifests import write_manifests

__all__ = [
    'FAULT_KINDS',
    'Fault',
    'FaultKind',
    'ImageRecord',
    'SKU110KCheck',
    'SplitCheck',
    'check_sku110k',
    'inspect_image',
    'inspect_images',
    'write_manifests',
]
