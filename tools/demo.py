"""``dense-scene demo``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['demo', *sys.argv[1:]]))
