"""``dense-scene browse-crops``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['browse-crops', *sys.argv[1:]]))
