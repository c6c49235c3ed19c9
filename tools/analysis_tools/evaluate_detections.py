"""``dense-scene evaluate``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['evaluate', *sys.argv[1:]]))
