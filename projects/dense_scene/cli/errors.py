"""Sort the errors of stored detections by kind, and draw the worst images.

    dense-scene errors found.npz --ann-file annotations_test.csv \\
        --images SKU110K_fixed/images --gallery gallery

DETECTIONS is as for dense-scene evaluate.
"""

from argparse import Namespace

from ..analysis.errors.gallery import draw_error_gallery
from ..analysis.errors.measure import analyse_error_file
from .options import CommandParser


def add_arguments(parser: CommandParser) -> None:
    parser.add_detections('detections')
    parser.add('--max-dets', 'cap per image and class', 300)
    parser.add('--out', 'write the numbers', metavar='JSON')
    parser.add('--images', 'where the images are', metavar='FOLDER')
    parser.add('--gallery', 'write pictures there', metavar='FOLDER')
    parser.add('--worst', 'how many pictures', 12)


def run(args: Namespace) -> None:
    if (args.gallery is None) != (args.images is None):
        raise ValueError('--gallery and --images must be given together.')
    report = analyse_error_file(
        args.detections, args.ann_file, args.max_dets, args.backend
    )
    print(report.format())
    if args.out:
        report.save(args.out)
    if args.gallery:
        draw_error_gallery(report, args.images, args.gallery, args.worst)
