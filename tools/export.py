"""``dense-scene export``."""

import sys

from dense_scene.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['export', *sys.argv[1:]]))
