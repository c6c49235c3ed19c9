"""Samples and proposals for a number of objects per image.

Every rule gives the numbers of ``configs/cascade_rcnn/*dense-proposal*`` for
the 356 objects that 99.5% of the SKU-110K images do not exceed, and never
less than COCO's defaults.
"""


def round_up(value: float, step: int) -> int:
    """The smallest multiple of ``step`` that is not below ``value``."""
    return -int(-value // step) * step


def rpn_sampler_size(objects: int, pos_fraction: float = 0.5) -> int:
    """``rpn.sampler.num``: a positive anchor for every object.

    A power of two, at least 256.
    """
    return max(256, 1 << max(int(objects / pos_fraction) - 1, 0).bit_length())


def roi_sampler_size(
    objects: int, each: int = 2, pos_fraction: float = 0.25
) -> int:
    """``rcnn.sampler.num``: ``each`` positives for every object.

    A multiple of 512.
    """
    return max(512, round_up(objects * each / pos_fraction, 512))


def num_proposals(objects: int, each: int = 8, least: int = 1000) -> int:
    """``nms_pre`` and ``max_per_img`` of the RPN: ``each`` for every object.

    A multiple of 500, at least ``least``, which is 1000 in testing and 2000
    in training in mmdet.
    """
    return max(least, round_up(objects * each, 500))


def detection_cap(objects: int) -> int:
    """``max_per_img`` or a cap of a metric: a multiple of 100."""
    return max(100, round_up(objects, 100))
