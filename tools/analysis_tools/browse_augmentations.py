"""``dense-scene browse-augmentations``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['browse-augmentations', *sys.argv[1:]]))
