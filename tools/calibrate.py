"""``dense-scene calibrate``."""

import sys

from dense_scene.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['calibrate', *sys.argv[1:]]))
