"""``dense-scene advise``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['advise', *sys.argv[1:]]))
