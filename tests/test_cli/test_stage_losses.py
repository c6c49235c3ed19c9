"""``dense-scene stage-losses``."""


def test_figure_and_numbers(cli, tmp_path):
    log = tmp_path / 'scalars.json'
    log.write_text('{"s0.loss_cls": 0.5, "step": 50}\n')
    figure, table = tmp_path / 'f.svg', tmp_path / 'f.csv'
    settings = '--labels', 'mine', '--smooth', 20, '--log'
    status, output, _ = cli(
        'stage-losses', log, '--out', figure, '--csv', table, *settings
    )
    assert (status, output) == (0, f'{figure}\n')
    assert figure.is_file()
    assert table.read_text().splitlines()[1] == 'mine,50,1,loss_cls,0.5,0.5'
