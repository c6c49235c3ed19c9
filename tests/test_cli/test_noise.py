"""What the stack says of itself is left out, and nothing else."""

import logging
import subprocess
import sys
import warnings

import pytest
from mmengine.logging import print_log

from dense_scene.cli import environment, seeds


def test_a_command_leaves_it_out(cli, monkeypatch, recwarn):
    def _run(args):
        warnings.warn('pkg_resources is deprecated as an API', stacklevel=1)
        warnings.warn('a warning of ours', stacklevel=1)
        for text in ('"FileClient" will be deprecated in future', 'our log'):
            print_log(text, 'current', logging.WARNING)
        print('a result')

    monkeypatch.setattr(seeds, 'run', _run)
    status, output, error = cli('seeds', 'x')
    # Results and the log are apart.
    assert (status, output) == (0, 'a result\n')
    assert 'our log' in error and 'FileClient' not in error
    assert [str(w.message) for w in recwarn] == ['a warning of ours']


# Who asks Python for all warnings gets them.
@pytest.mark.parametrize(('given', 'count'), [(None, 1), ('default', 2)])
def test_so_does_a_process_of_ours(monkeypatch, given, count):
    monkeypatch.delenv('PYTHONWARNINGS', raising=False)
    if given:
        monkeypatch.setenv('PYTHONWARNINGS', given)
    code = (
        'import warnings\n'
        'for word in ("pkg_resources is deprecated as an API", "heard"):\n'
        '    warnings.warn(word)\n'
    )
    error = subprocess.run(
        [sys.executable, '-c', code],
        env=environment.child_environment(),
        capture_output=True,
        text=True,
    ).stderr
    assert error.count('UserWarning') == count and 'heard' in error
