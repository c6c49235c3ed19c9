"""``dense-scene convert``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['convert', *sys.argv[1:]]))
