"""The table of commands, its help, and how every command ends."""

import re
import runpy
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

try:
    import tomllib
except ImportError:  # Python 3.10; pytest brings it there
    import tomli as tomllib

from dense_scene import cli as package
from dense_scene.cli import COMMANDS, RESUMING, main

NAMES = [name for group in COMMANDS.values() for name in group]
# A call of each command that reads a file which does not exist.
NO_FILE = {
    'convert': 'no.json out.csv --from coco --to csv',
    'advise': 'no.json',
    'prepare-sku110k': 'no',
    'subset-sku110k': 'no.csv',
    'browse-augmentations': 'out.png --image no.jpg',
    'predict': 'no.jpg --weights no.pth --out out',
    'calibrate': '--weights no.pth --ann-file no.json',
    'export': 'no.py no.pth --to pt2',
    'evaluate': 'no.npz --ann-file no.json',
    'compare': 'no.npz no.npz --ann-file no.json',
    'errors': 'no.npz --ann-file no.json',
    'stage-losses': 'no',
    'seeds': 'no',
    'cascade': 'no.py no.pth',
    'ablation': 'run no.yml',
}


def stop_at(error, monkeypatch, name='seeds'):
    """Let a command end with an error."""

    def _raise(args):
        raise error

    module = import_module(f'dense_scene.cli.{name.replace("-", "_")}')
    monkeypatch.setattr(module, 'run', _raise)


def help_of(capsys, *argv):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_the_table_names_every_module_of_the_package():
    shared = {'__init__', '__main__', 'environment', 'noise', 'options'}
    shared |= {'through_mim'}
    files = Path(package.__file__).parent.glob('*.py')
    assert sorted({file.stem for file in files} - shared) == sorted(
        name.replace('-', '_') for name in NAMES
    )
    assert set(RESUMING) <= set(NAMES)


@pytest.mark.parametrize('argv', [[], ['--help'], ['-h']])
def test_help_fits_a_screen_and_names_every_command(capsys, argv):
    lines = help_of(capsys, *argv).splitlines()
    assert 24 <= len(lines) <= 40 and max(map(len, lines)) <= 80
    for group, commands in COMMANDS.items():
        start = lines.index(f'{group}:') + 1
        listed = [line.split()[0] for line in lines[start:][: len(commands)]]
        assert listed == list(commands)


@pytest.mark.parametrize('name', NAMES)
def test_help_of_a_command(capsys, monkeypatch, name):
    monkeypatch.setenv('COLUMNS', '80')
    text = help_of(capsys, name, '--help')
    # The docstring as it stands, with an example.
    module = import_module(f'dense_scene.cli.{name.replace("-", "_")}')
    assert module.__doc__.strip() in text
    assert re.search(rf'^    dense-scene {name}\b', text, re.M)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.slow
def test_help_imports_no_command():
    code = (
        'import sys\n'
        'from dense_scene_cli import main\n'
        'try:\n    main(["--help"])\nexcept SystemExit:\n    pass\n'
        'print(sorted(m for m in sys.modules if "dense_scene.cli." in m))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True)
    shared = ['dense_scene.cli.noise', 'dense_scene.cli.options']
    assert done.stdout.decode().splitlines()[-1] == str(shared)


@pytest.mark.parametrize('name', NO_FILE)
def test_an_unknown_file_is_one_line(cli, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    status, output, error = cli(name, *NO_FILE[name].split())
    assert (status, output) == (1, '')
    assert re.fullmatch(r'error: .*\bno\b.*\n', error)
    assert not list(tmp_path.glob('out*'))


@pytest.mark.parametrize(
    'argv', [['no-such-command'], ['seeds'], ['evaluate']]
)
def test_wrong_usage_has_code_2(capsys, argv):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert 'error: ' in capsys.readouterr().err


@pytest.mark.parametrize('name', NAMES)
def test_a_stopped_command_says_how_to_go_on(monkeypatch, capsys, name):
    stop_at(KeyboardInterrupt(), monkeypatch, name)
    given = {'render-shelves': [], 'demo': [], 'browse-crops': ['a.png']}
    given |= dict(train=['c.py'], test=['c.py'])
    argv = given.get(name) or NO_FILE.get(name, '').split()
    assert main([name, *argv]) == 130
    error = capsys.readouterr().err
    assert error.startswith('Stopped') and error.count('\n') == 1
    assert ('the same command goes on' in error) == (name in RESUMING)


def test_errors_become_one_line_and_bugs_do_not(monkeypatch, capsys):
    for error in (OSError('a\n b'), ValueError('a\n b'), ImportError('a b')):
        stop_at(error, monkeypatch)
        assert main(['seeds', 'x']) == 1
        assert capsys.readouterr().err == 'error: a b\n'
    stop_at(ZeroDivisionError(), monkeypatch)
    with pytest.raises(ZeroDivisionError):
        main(['seeds', 'x'])


@pytest.mark.slow
def test_a_reader_that_ends_early_is_no_error():
    code = (
        'import dense_scene_cli, dense_scene.cli.seeds as seeds\n'
        'seeds.run = lambda args: print("line\\n" * 100_000)\n'
        'raise SystemExit(dense_scene_cli.main(["seeds", "x"]))'
    )
    command = f"{sys.executable} -c '{code}' | head -1"
    done = subprocess.run(command, shell=True, capture_output=True)
    assert (done.stdout, done.stderr) == (b'line\n', b'')


@pytest.mark.parametrize('module', ['dense_scene.cli', 'dense_scene_cli'])
def test_console_script_and_module(root, monkeypatch, module):
    content = tomllib.loads((root / 'pyproject.toml').read_text())
    assert content['project']['scripts'] == {
        'dense-scene': 'dense_scene_cli:main'
    }
    monkeypatch.setattr(sys, 'argv', ['dense-scene', '--version'])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module(module, run_name='__main__')
    assert stop.value.code == 0


def test_tools_are_doors_to_the_commands(root):
    opened = []
    for path in sorted((root / 'tools').rglob('*.py')):
        text = path.read_text()
        assert len(text.splitlines()) <= 20
        opened += re.findall(r"main\(\['([\w-]+)', \*sys.argv\[1:\]\]\)", text)
    # mmdet has a train.py and a test.py of its own.
    assert sorted(opened) == sorted({*NAMES} - {'train', 'test'})


def test_a_tool_runs_its_command(root, monkeypatch, capsys):
    path = root / 'tools/analysis_tools/evaluate_detections.py'
    argv = [str(path), 'no.npz', '--ann-file', 'no.json']
    monkeypatch.setattr(sys, 'argv', argv)
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(path), run_name='__main__')
    assert stop.value.code == 1
    assert capsys.readouterr().err.startswith('error: ')


def test_documents_name_commands_and_tools_that_exist(root):
    pages = [root / 'README.md', *(root / 'docs').rglob('*.md')]
    for page in pages:
        text = page.read_text()
        for name in re.findall(r'\bdense-scene ([a-z][\w-]*)', text):
            assert name in NAMES, (page, name)
        for path in re.findall(r'\btools/[\w/]+\.py', text):
            assert (root / path).is_file(), (page, path)
