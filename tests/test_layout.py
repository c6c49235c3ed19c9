"""docs/layout.md is true, and imports run one way."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = ROOT / 'projects'
PACKAGE = PROJECTS / 'dense_scene'

# What each room may import of its siblings; docs/layout.md shows it.
ARROWS = {
    'utils': set(),
    'visualization': {'utils'},
    'models': {'utils'},
    'datasets': {'utils'},
    'evaluation': {'datasets', 'utils'},
    'engine': {'evaluation', 'datasets', 'utils'},
    'analysis': {'evaluation', 'datasets', 'engine', 'utils', 'visualization'},
    'ablation': {'analysis', 'evaluation', 'utils', 'visualization'},
    'inference': {
        'analysis',
        'evaluation',
        'datasets',
        'engine',
        'utils',
        'visualization',
    },
}
ARROWS['cli'] = {*ARROWS, 'cli'}
OPTIONAL = {
    *('turbojpeg', 'torchvision'),
    *('onnxruntime', 'onnxscript', 'openvino'),  # of [export]
}
THIRD_PARTY_NAMES = {
    'cv2': 'opencv-python',
    'PIL': 'pillow',
    'mmcv': 'mmcv-lite',
    'mim': 'openmim',
    'yaml': 'pyyaml',
}


def modules():
    return sorted(PACKAGE.rglob('*.py'))


def imported(path):
    """Absolute names of the modules that a file imports."""
    package = path.relative_to(PROJECTS).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            name = '.'.join(base) if node.level else ''
            if node.module:
                name = f'{name}.{node.module}' if name else node.module
            yield from (f'{name}.{alias.name}' for alias in node.names)


def rooms():
    return {
        path.name
        for path in PACKAGE.iterdir()
        if path.is_dir() and path.name[0] not in '_.'
    }


def test_every_room_has_its_arrows():
    assert rooms() == set(ARROWS)


@pytest.mark.parametrize('room', sorted(ARROWS))
def test_imports_run_one_way(room):
    allowed = ARROWS[room] | {room}
    for path in (PACKAGE / room).rglob('*.py'):
        for name in imported(path):
            if name.startswith('dense_scene.'):
                target = name.split('.')[1]
                if target in ARROWS:
                    assert target in allowed, f'{path} imports {name}'


@pytest.mark.parametrize('package', ['portable_ops/src', 'shelf_scenes'])
def test_the_other_packages_import_nothing_of_ours(package):
    for path in (PROJECTS / package).rglob('*.py'):
        for name in imported(path):
            top = name.split('.')[0]
            assert top not in ('dense_scene', 'mmdet', 'mmengine'), path


def test_the_renderer_needs_no_torch():
    code = (
        'import sys, shelf_scenes; '
        'sys.exit(bool({"torch", "mmdet", "dense_scene"} & set(sys.modules)))'
    )
    assert subprocess.run([sys.executable, '-c', code]).returncode == 0


def test_the_tree_in_the_docs_is_the_tree():
    """Each folder of the package stands in docs/layout.md, and no other."""
    text = (ROOT / 'docs/layout.md').read_text()
    tree = text.split('```')[1]
    shown = set()
    for line in tree.splitlines():
        entry = re.split(r'\s{2,}', line.strip())[0]
        shown |= set(re.findall(r'([a-z0-9_]+)/', entry))
    folders = {
        path.name
        for path in PACKAGE.rglob('*')
        if path.is_dir()
        and not path.name.startswith(('_', '.'))
        and any(path.glob('*.py'))
    }
    assert folders <= shown, sorted(folders - shown)
    for name in shown:
        assert any(p.is_dir() for p in ROOT.glob(f'**/{name}')), name


def test_files_stay_small():
    for path in modules():
        lines = path.read_text().count('\n')
        assert lines <= 260, f'{path} has {lines} lines'
    for path in (ROOT / 'tools').rglob('*.py'):
        assert path.read_text().count('\n') <= 20, path


def test_every_direct_import_is_declared():
    requirements = (ROOT / 'requirements.txt').read_text().lower()
    declared = set(re.findall(r'^([a-z0-9_-]+)', requirements, re.M))
    for path in (*modules(), *(PROJECTS / 'shelf_scenes').rglob('*.py')):
        for name in imported(path):
            top = name.split('.')[0]
            if top in sys.stdlib_module_names or top in (
                'dense_scene',
                'shelf_scenes',
            ):
                continue
            wanted = THIRD_PARTY_NAMES.get(top, top).lower()
            optional = top in OPTIONAL
            assert optional or wanted in declared, f'{path} imports {top}'


def test_nothing_reads_outside_of_the_repository():
    listed = subprocess.run(
        ['git', 'ls-files', '*.py', '*.md', 'Makefile'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip('needs a git checkout')
    outside = '..' + '/shared'
    for name in listed.stdout.split():
        assert outside not in (ROOT / name).read_text(), name
