"""``dense-scene compare``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['compare', *sys.argv[1:]]))
