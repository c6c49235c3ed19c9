"""tools/analysis_tools/plot_stage_losses.py, as a user runs it."""

import importlib.util

import pytest


@pytest.fixture
def run(root, capsys):
    """Run the tool's main(); its status, output and errors."""
    path = root / 'tools/analysis_tools/plot_stage_losses.py'
    spec = importlib.util.spec_from_file_location('plot_stage_losses', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def _run(*arguments):
        status = module.main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return _run


def test_figure_and_numbers(run, tmp_path):
    log = tmp_path / 'scalars.json'
    log.write_text('{"s0.loss_cls": 0.5, "step": 50}\n')
    status, output, _ = run(
        log,
        '--labels',
        'mine',
        '--out',
        tmp_path / 'f.svg',
        '--csv',
        tmp_path / 'f.csv',
        '--smooth',
        20,
        '--log',
    )
    assert (status, output) == (0, f'{tmp_path}/f.svg\n')
    assert (tmp_path / 'f.svg').is_file()
    assert (tmp_path / 'f.csv').read_text().splitlines()[1] == (
        'mine,50,1,loss_cls,0.5,0.5'
    )


def test_one_line_on_bad_input(run, tmp_path):
    status, output, errors = run(tmp_path / 'none')
    assert (status, output) == (1, '')
    assert errors.startswith(f'error: {tmp_path}/none must be a log file')
    assert errors.count('\n') == 1
