"""How commands declare their arguments, and what several of them share."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]
# What an option was called before, for scripts that say it.
_OLDER = {'--gt': '--ann-file', '--ground-truth': '--ann-file'}


class CommandParser(ArgumentParser):
    """Shows the docstring as it is written, and defaults behind the help."""

    def __init__(self, prog: str, **kwargs: Any) -> None:
        kwargs['formatter_class'] = RawDescriptionHelpFormatter
        super().__init__(prog, **kwargs)

    def parse_args(self, args=None, namespace=None) -> Any:  # type: ignore
        """As argparse does; older names of options are taken, too."""
        args = sys.argv[1:] if args is None else args
        parts = [arg.partition('=') for arg in args]
        args = [_OLDER.get(name, name) + ''.join(v) for name, *v in parts]
        return super().parse_args(args, namespace)

    def add(self, name: str, text: str, default: Any = None, **more) -> None:
        """An argument whose default gives its type and number of values.

        Args:
            name (str): With dashes an option, else a positional argument.
            text (str): The help.
            default (Any): A list takes one or more values of the type of its
                first, False is a flag. Defaults to None: a text.
            more: Of :meth:`add_argument`.
        """
        if default is False:
            self.add_argument(name, help=text, action='store_true', **more)
            return
        values = default if isinstance(default, list) else [default]
        if default not in (None, ()):
            text += f' (default: {" ".join(map(str, values))})'
        if isinstance(default, list):
            more = dict(nargs='+') | more
        if isinstance(values[0], (int, float)):
            more = dict(type=type(values[0])) | more
        if 'type' in more:
            more = dict(metavar='N') | more
        self.add_argument(name, help=text, default=default, **more)

    def add_detections(self, *names: str) -> None:
        """Files of detections, and what they are compared with."""
        for name in names:
            self.add(name, '.npz, .json or .csv')
        truth = 'ground truth: COCO JSON, or a CSV of SKU-110K'
        self.add('--ann-file', truth, metavar='FILE', required=True)
        self.add('--backend', 'hotcoco or pycocotools', 'auto', metavar='NAME')


def find_config(name: str) -> str:
    """The path of a config of this project, called ``folder/file.py``."""
    folders = _PACKAGE.parents[1], _PACKAGE / '.mim'  # a checkout, installed
    paths = [folder / 'configs' / name for folder in folders]
    return str(next(filter(Path.exists, paths), paths[0]))
