"""``python -m dense_scene.cli`` is ``dense-scene``."""

from . import main

raise SystemExit(main())
