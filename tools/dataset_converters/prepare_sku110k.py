"""``dense-scene prepare-sku110k``."""

import sys

from dense_scene_cli import main

if __name__ == '__main__':
    raise SystemExit(main(['prepare-sku110k', *sys.argv[1:]]))
