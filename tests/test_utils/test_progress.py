"""The bar of what takes a while."""

from dense_scene.utils.progress import track_on_stderr


def test_a_log_gets_no_line_of_a_bar(capsys):
    assert list(track_on_stderr(iter('abc'), 'spelling', 3)) == list('abc')
    assert capsys.readouterr() == ('', '')
