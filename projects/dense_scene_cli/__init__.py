"""The door of the console script ``dense-scene``.

While this module is loaded, ``import dense_scene`` does not load torch and
mmdet, so that a command that needs no model starts in half a second. It
stands beside the package since Python imports ``dense_scene`` before
anything inside. In your own code import ``dense_scene``.
"""

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """As :func:`dense_scene.cli.main`."""
    from dense_scene.cli import main

    return main(argv)
