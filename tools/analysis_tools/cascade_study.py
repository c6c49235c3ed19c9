"""``dense-scene cascade``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['cascade', *sys.argv[1:]]))
