"""Compare two files of detections by a paired bootstrap over the images.

    dense-scene compare a.npz b.npz --ann-file annotations_test.csv

The files are as for dense-scene evaluate and must be of the same images.
"""

from argparse import Namespace

from ..analysis.significance.bootstrap import compare_detections
from .options import CommandParser


def add_arguments(parser: CommandParser) -> None:
    parser.add_detections('first', 'second')
    parser.add('--max-dets', 'cap per image and class', 300)
    parser.add('--resamples', 'choices of images', 1000)
    parser.add('--seed', 'of the choices', 0)
    parser.add('--workers', 'threads', 2)


def run(args: Namespace) -> None:
    print(compare_detections(**vars(args)).format())
