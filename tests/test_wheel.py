"""The wheel, by way of the source distribution: what a user installs."""

import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.chain import run
from tests.config_files import CONFIGS, LEAVES, ROOT

pytestmark = pytest.mark.slow
MIM = 'dense_scene/.mim'


@pytest.fixture(scope='module')
def wheel(tmp_path_factory) -> Path:
    """Built from a copy: a build leaves folders beside its sources."""
    source = tmp_path_factory.mktemp('source')
    out = tmp_path_factory.mktemp('wheel')
    build = shutil.ignore_patterns(
        'build', '__pycache__', '*.egg-info', '.mim', 'portable_ops'
    )
    for name in ('configs', 'tools', 'projects'):
        shutil.copytree(ROOT / name, source / name, ignore=build)
    for path in (*ROOT.glob('*.*'), ROOT / 'LICENSE'):
        if path.is_file():
            shutil.copy(path, source)
    # Neither needs the network: setuptools is installed, no build isolation.
    code = (
        f'from setuptools import build_meta as b; b.build_sdist({str(out)!r})'
    )
    run([sys.executable, '-c', code], source)
    pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check']
    options = ['--no-deps', '--no-build-isolation', '--no-index']
    (sdist,) = out.glob('*.tar.gz')
    run([*pip, 'wheel', *options, '-w', str(out), str(sdist)], out)
    (wheel,) = out.glob('*.whl')
    return wheel


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory) -> Path:
    """A folder into which the wheel is installed."""
    target = tmp_path_factory.mktemp('installed')
    pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check']
    options = ['--no-deps', '--no-index', '--target', str(target)]
    run([*pip, 'install', *options, str(wheel)], target)
    return target


def test_it_holds_what_the_checkout_does(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f'{MIM}/{path.relative_to(ROOT)}'
        for folder, kinds in (('configs', '*.*'), ('tools', '*.py'))
        for path in (ROOT / folder).rglob(kinds)
        if '__pycache__' not in path.parts
    }
    assert len(wanted) > len(LEAVES)
    wanted |= {f'{MIM}/model-index.yml', 'shelf_scenes/__init__.py'}
    wanted |= {'dense_scene_cli/__init__.py', 'dense_scene_cli/__main__.py'}
    wanted |= {
        f'dense_scene/datasets/sku110k/manifests/sku110k-sub_{split}.txt'
        for split in ('train', 'val', 'test')
    }
    assert wanted <= names
    assert not [name for name in names if '__pycache__' in name]


def test_every_config_loads_from_it_in_another_folder(installed, tmp_path):
    leaves = [str(path.relative_to(CONFIGS)) for path in LEAVES]
    code = (
        'import dense_scene\n'
        'from pathlib import Path\n'
        'from mmengine.config import Config\n'
        'package = Path(dense_scene.__file__).parent\n'
        f'for leaf in {leaves}:\n'
        '    Config.fromfile(package / ".mim/configs" / leaf)\n'
        'print(package, dense_scene.__version__)\n'
    )
    done = run([sys.executable, '-c', code], tmp_path, PYTHONPATH=installed)
    version = (ROOT / 'pyproject.toml').read_text().split('version = "')[1]
    expected = f'{installed}/dense_scene {version.split(chr(34))[0]}'
    assert done.stdout.splitlines()[-1] == expected


def test_mim_lists_its_models_and_its_tools_run(installed, tmp_path):
    command = ['mim', 'search', 'dense_scene', '--field', 'row', 'status']
    done = run(command, tmp_path, PYTHONPATH=installed)
    assert 'baseline' in done.stdout and 'not run' in done.stdout
    demo = installed / MIM / 'tools/demo.py'
    done = run([sys.executable, demo, '-h'], tmp_path, PYTHONPATH=installed)
    assert '--config' in done.stdout
