"""``dense-scene seeds``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['seeds', *sys.argv[1:]]))
