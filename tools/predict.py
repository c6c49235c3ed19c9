"""``dense-scene predict``."""

import sys

from dense_scene.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['predict', *sys.argv[1:]]))
