"""Files that are either whole or not there."""

import os

import pytest

from dense_scene.utils.files import whole_file


def test_the_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / 'new' / 'a.txt'
    with whole_file(path) as part:
        part.write_text('b')
        assert not path.exists()
    assert path.read_text() == 'b'
    assert os.listdir(path.parent) == ['a.txt']


def test_what_was_there_stays_if_writing_fails(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('old')
    with pytest.raises(KeyboardInterrupt), whole_file(path) as part:
        part.write_text('half')
        raise KeyboardInterrupt
    assert path.read_text() == 'old'
    assert os.listdir(tmp_path) == ['a.txt']


def test_it_is_readable_as_other_files_are(tmp_path):
    (tmp_path / 'plain').touch()
    with whole_file(tmp_path / 'a') as part:
        part.touch()
    modes = [(tmp_path / name).stat().st_mode for name in ('plain', 'a')]
    assert modes[0] == modes[1]
