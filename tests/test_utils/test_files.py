"""Files: whole or not there, read in any usual encoding, found."""

import os

import pytest

from dense_scene.utils.files import (
    find_files,
    read_text,
    require_file,
    whole_file,
    write_text,
)


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


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16'])
def test_texts_of_any_program_are_read(tmp_path, encoding):
    (tmp_path / 'a.txt').write_bytes('größe\r\n货架\n'.encode(encoding))
    assert read_text(tmp_path / 'a.txt') == 'größe\n货架\n'
    (tmp_path / 'b.txt').write_bytes(b'')
    assert read_text(tmp_path / 'b.txt') == ''


def test_other_encodings_are_named(tmp_path):
    (tmp_path / 'a.txt').write_bytes('瓶子'.encode('gbk'))
    with pytest.raises(
        ValueError, match='a.txt must be text in UTF-8'
    ) as error:
        read_text(tmp_path / 'a.txt')
    assert '\n' not in str(error.value)


def test_texts_are_written_whole_and_keep_their_bytes(tmp_path):
    path = tmp_path / 'new/a.txt'
    write_text(path, ['a\n', os.fsdecode(b'\xff')])
    assert path.read_bytes() == b'a\n\xff'

    def pieces():
        yield 'half'
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_text(path, pieces())
    assert path.read_bytes() == b'a\n\xff'
    assert os.listdir(path.parent) == ['a.txt']


def test_files_are_found_in_order_and_hidden_ones_left_out(tmp_path):
    for name in ('b.PNG', 'a/c.jpg', '.a/d.jpg', '._b.png', 'e.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_files(tmp_path, ('.png', '.jpg'))
    assert [path.as_posix() for path in found] == ['a/c.jpg', 'b.PNG']
    with pytest.raises(FileNotFoundError, match='is not a folder'):
        find_files(tmp_path / 'none', ('.png',))


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
