"""``dense-scene errors``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['errors', *sys.argv[1:]]))
