"""What can be wrong with a data set, and what is done about it."""

from typing import NamedTuple

SKIPPED = 'image left out of the usable list'
KEPT = 'kept; look at it'


class FaultKind(NamedTuple):
    """A kind of fault: its name in words, and what happens to it."""

    title: str
    consequence: str


# In the order of the report: the gravest first.
FAULT_KINDS = {
    'missing_image': FaultKind('rows without an image file', SKIPPED),
    'unreadable': FaultKind('image that cannot be read whole', SKIPPED),
    'wrong_size': FaultKind(
        'size in the CSV is not that of the file', SKIPPED
    ),
    'two_splits': FaultKind('same image name in two splits', KEPT),
    'duplicate_image': FaultKind('same file under another name', KEPT),
    'corrupt_data': FaultKind(
        'JPEG with damaged data that still decodes', KEPT
    ),
    'no_rows': FaultKind('image file without rows', 'not used'),
    'orientation': FaultKind(
        'EXIF orientation is set',
        'turned by the loader; boxes must refer to the turned image',
    ),
    'other_format': FaultKind('content is not JPEG', 'decoded all the same'),
    'not_rgb': FaultKind(
        'image is not 8-bit RGB', 'turned into RGB by the loader'
    ),
    'degenerate_box': FaultKind(
        'box less than a pixel wide or high', 'dropped on loading'
    ),
    'box_outside': FaultKind('box outside of its image', 'dropped on loading'),
    'box_reaches_out': FaultKind(
        'box reaches out of its image', 'clipped on loading'
    ),
    'duplicate_box': FaultKind('same box again in one image', KEPT),
}


class Fault(NamedTuple):
    """One thing that is wrong.

    ``kind`` is a key of ``FAULT_KINDS``, ``split`` is empty for files that
    belong to none, ``detail`` says what was found.
    """

    kind: str
    split: str
    image: str
    detail: str
