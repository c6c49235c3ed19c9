"""The bar of what takes a while."""

import pytest

from dense_scene.utils.progress import track_on_stderr


def test_a_log_gets_no_line_of_a_bar(capsys):
    assert list(track_on_stderr(iter('abc'), 'spelling', 3)) == list('abc')
    assert capsys.readouterr() == ('', '')


@pytest.mark.parametrize('progress', [True, False])
def test_a_terminal_gets_it_on_the_standard_error(
    monkeypatch, capsys, progress
):
    monkeypatch.setenv('FORCE_COLOR', '1')  # a terminal, says rich
    list(track_on_stderr('abc', 'spelling', progress=progress))
    output, error = capsys.readouterr()
    assert output == '' and ('spelling' in error) == progress
