"""``dense-scene render-shelves``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['render-shelves', *sys.argv[1:]]))
