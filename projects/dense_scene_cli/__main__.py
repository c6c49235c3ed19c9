"""``python -m dense_scene_cli`` is ``dense-scene``."""

from . import main

raise SystemExit(main())
