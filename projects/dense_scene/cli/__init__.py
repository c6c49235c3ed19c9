"""The console script ``dense-scene``.

A command is a module of this package, called like it with ``_`` for ``-``,
and imported when it is chosen and not before. It has ``add_arguments(parser)``
and ``run(args)``, which may return an exit code; its docstring is its help.
Results go to the standard output, the log and errors to the standard error.
"""

import os
import sys
from argparse import SUPPRESS
from collections.abc import Sequence
from importlib import import_module

from .. import __version__
from .noise import quiet
from .options import CommandParser

# By heading: every command and what it is for.
COMMANDS = {
    'Start': {
        'demo': 'render shelves, train, test and draw, in five minutes',
        'train': 'mim train mmdet CONFIG, faster on a shared CPU',
        'test': 'mim test mmdet CONFIG, likewise',
    },
    'Data': {
        'convert': 'make COCO of VOC, YOLO, CVAT or CSV annotations',
        'advise': 'measure a data set, write the config that it asks for',
        'prepare-sku110k': 'check the files of SKU-110K before use',
        'subset-sku110k': "write the manifests of the paper's subset again",
        'render-shelves': 'render shelf scenes in COCO format',
        'browse-augmentations': 'draw what DetAutoAugment does',
        'browse-crops': 'draw what the crops for training keep and ignore',
    },
    'Prediction': {
        'predict': 'boxes and counts of photos, as tables and pictures',
        'calibrate': 'choose the score from which on objects are counted',
        'export': 'write a model as ONNX, OpenVINO or torch.export',
    },
    'Ablations': {
        'ablation': 'rows of configs, several seeds, one table, one report'
    },
    'Results': {
        'evaluate': 'AP and AR of stored detections at other settings',
        'compare': 'whether two results differ by more than chance',
        'errors': 'errors by kind, and pictures of the worst images',
        'stage-losses': 'draw the losses of each cascade stage',
        'seeds': 'mean and interval of runs that differ in their seed',
        'cascade': 'what each cascade stage does to boxes, by density',
    },
}
RESUMING = (
    *('ablation', 'demo', 'prepare-sku110k', 'render-shelves', 'cascade'),
    *('predict', 'calibrate'),
)
ABOUT = 'Detect hundreds of similar, touching objects with MMDetection.'


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; ``argv`` is its name and its arguments.

    Returns the exit code, 1 after an error, 130 after Ctrl-C. ``--help`` and
    wrong usage (code 2) raise SystemExit, as in argparse.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    name = _read_name(argv[:1] or ['--help'])
    module = import_module(f'.{name.replace("-", "_")}', __name__)
    parser = CommandParser(f'dense-scene {name}', description=module.__doc__)
    module.add_arguments(parser)
    args = parser.parse_args(argv[1:])
    try:
        with quiet():
            status = module.run(args)
            sys.stdout.flush()
        return status or 0
    except KeyboardInterrupt:
        hint = '; the same command goes on from here' * (name in RESUMING)
        print(f'Stopped{hint}.', file=sys.stderr)
        return 130
    except BrokenPipeError:
        # What reads our output has ended; Python shall not flush to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ImportError, OSError, ValueError) as error:
        print(f'error: {" ".join(str(error).split())}', file=sys.stderr)
        return 1


def _read_name(argv: Sequence[str]) -> str:
    """The name of a command; ends the process after ``--help``."""
    groups = [
        '\n'.join([f'{group}:', *(f'  {n:20}  {h}' for n, h in found.items())])
        for group, found in COMMANDS.items()
    ]
    parser = CommandParser(
        'dense-scene',
        usage='dense-scene COMMAND ...',
        description='\n\n'.join([ABOUT, *groups]),
        epilog='dense-scene COMMAND --help: what it does, with an example',
    )
    parser.add_argument('--version', action='version', version=__version__)
    names = [name for found in COMMANDS.values() for name in found]
    parser.add_argument('command', choices=names, help=SUPPRESS)
    return parser.parse_args(argv).command
