"""Files that are either whole or not there."""

import os

import pytest

from dense_scene.utils.files import require_file, whole_file


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


def test_a_missing_file_is_named_with_what_is_missing_of_its_path(tmp_path):
    (tmp_path / 'a').touch()
    require_file(tmp_path / 'a', 'list')
    for name, fault in {
        'b': 'does not exist. Do so.',
        'c/d/e': f'does not exist, nor does {tmp_path / "c"}. Do so.',
        '': 'is not a file. Do so.',
    }.items():
        path = tmp_path / name
        with pytest.raises(FileNotFoundError) as caught:
            require_file(path, 'list', 'Do so.')
        expected = f"list must be a file, but '{path}' {fault}"
        assert str(caught.value) == expected
