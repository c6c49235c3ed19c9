"""``dense-scene stage-losses``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['stage-losses', *sys.argv[1:]]))
