"""Detecting hundreds of similar, touching objects with MMDetection.

Importing this package registers its classes in mmdet's registries, under
names that mmdet does not have. Configs import it through
``custom_imports = dict(imports=['dense_scene'])``.

That loads torch and mmdet, which takes seconds. Behind the console script
(:mod:`dense_scene_cli`) it waits: a command that builds a model imports
:mod:`dense_scene.registration` itself, the others need neither.
"""

import sys
from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version('dense-scene')
except PackageNotFoundError:  # on PYTHONPATH, not installed
    __version__ = '0+source'

if 'dense_scene_cli' not in sys.modules:
    from . import registration as registration
