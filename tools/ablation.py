"""``dense-scene ablation``."""

import sys

from dense_scene.cli import main

if __name__ == '__main__':
    raise SystemExit(main(['ablation', *sys.argv[1:]]))
