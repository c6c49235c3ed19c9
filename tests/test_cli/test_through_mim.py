"""``dense-scene train`` and ``test``: mim's own, in a better environment."""

import subprocess
import sys

import pytest

from dense_scene.cli.demo import CONFIG
from dense_scene.cli.options import find_config
from tests.test_cli.test_main import help_of


@pytest.fixture
def started(monkeypatch):
    """What was started; it ends with code 3."""
    calls = []

    def _run(command, env):
        calls.append((command, env))
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, 'run', _run)
    return calls


@pytest.mark.parametrize('name', ['train', 'test'])
def test_everything_after_the_config_is_handed_on(started, cli, name):
    more = ['--work-dir', 'a b', '--cfg-options', 'x=[1,2]', 'y="z w"', '-h']
    status, output, error = cli(name, 'c.py', *more)
    assert (status, output, error) == (3, '', '')
    ((command, _),) = started
    mim = [sys.executable, '-m', 'mim', name, 'mmdet']
    assert command == [*mim, 'c.py', *more]


def test_our_configs_are_found_from_any_folder(
    started, cli, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    cli('train', CONFIG)
    assert started[-1][0][-1] == find_config(CONFIG) != CONFIG
    # A file of that name in the folder comes first.
    (tmp_path / CONFIG).parent.mkdir()
    (tmp_path / CONFIG).touch()
    cli('train', CONFIG)
    assert started[-1][0][-1] == CONFIG


@pytest.mark.parametrize('given', [None, 'ACTIVE'])
def test_threads_sleep_unless_told(started, cli, monkeypatch, given):
    monkeypatch.delenv('OMP_WAIT_POLICY', raising=False)
    if given:
        monkeypatch.setenv('OMP_WAIT_POLICY', given)
    cli('train', 'c.py')
    assert started[0][1]['OMP_WAIT_POLICY'] == (given or 'PASSIVE')


def test_its_help_is_not_mims(capsys):
    assert 'dense-scene test CONFIG' in help_of(capsys, 'test', '--help')


@pytest.mark.slow
def test_mim_answers(tmp_path):
    door = [sys.executable, '-m', 'dense_scene_cli', 'train', 'none.py']
    done = subprocess.run(
        door, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode != 0
    assert 'none.py' in done.stdout + done.stderr
