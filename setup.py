"""Puts configs/, tools/ and model-index.yml into the package, as mmdet does.

Everything else stands in pyproject.toml. In a wheel they are files under
dense_scene/.mim/, where mim looks for them; in an editable install they are
links to the checkout.
"""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
NAMES = ('configs', 'tools', 'model-index.yml')


class BuildWithMim(build_py):
    """build_py and the .mim folder."""

    def run(self) -> None:
        """Build, then copy (wheel) or link (editable install)."""
        super().run()
        package = ROOT / 'projects' if self.editable_mode else self.build_lib
        folder = Path(package) / 'dense_scene' / '.mim'
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            source, target = ROOT / name, folder / name
            if target.is_symlink() or target.is_file():
                target.unlink()
            elif target.exists():
                shutil.rmtree(target)
            if self.editable_mode:
                target.symlink_to(os.path.relpath(source, folder))
            elif source.is_dir():
                ignore = shutil.ignore_patterns('__pycache__', '*.pyc')
                shutil.copytree(source, target, ignore=ignore)
            else:
                shutil.copy(source, target)


setup(cmdclass=dict(build_py=BuildWithMim))
