"""Files: whole or not there, and found."""

import multiprocessing
import os

import pytest

from dense_scene.utils.files import (
    find_files,
    require_file,
    require_writable_file,
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


def _write_and_wait(path, letter, barrier):
    """In a process: two open the same file before either closes it."""
    with whole_file(path) as part, open(part, 'w') as file:
        file.write(letter * 1000)
        barrier.wait()
        file.write(letter * 1000)


def test_two_writers_never_mix(tmp_path):
    context = multiprocessing.get_context('fork')
    barrier, path = context.Barrier(2), tmp_path / 'a.txt'
    writers = [
        context.Process(target=_write_and_wait, args=(path, x, barrier))
        for x in 'ab'
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert path.read_text() in ('a' * 2000, 'b' * 2000)
    assert os.listdir(tmp_path) == ['a.txt']


def _die_inside(path):
    with whole_file(path) as part:
        part.write_text('half')
        os._exit(0)


def test_what_a_dead_process_left_is_swept_and_a_living_one_kept(tmp_path):
    path = tmp_path / 'a.txt'
    process = multiprocessing.get_context('fork').Process(
        target=_die_inside, args=(path,)
    )
    process.start()
    process.join(60)
    (left,) = os.listdir(tmp_path)
    (tmp_path / 'a.txt.mine.tmp').touch()  # not of ours
    with whole_file(path) as living:
        living.write_text('first')
        assert left not in os.listdir(tmp_path)
        with whole_file(path) as part:
            part.write_text('second')
        assert living.exists()
    assert path.read_text() == 'first'  # the last to end
    assert sorted(os.listdir(tmp_path)) == ['a.txt', 'a.txt.mine.tmp']


def test_a_place_is_tried_before_the_work(tmp_path):
    require_writable_file('out', tmp_path / 'new/a.npz')
    assert os.listdir(tmp_path / 'new') == []
    (tmp_path / 'file').touch()
    with pytest.raises(ValueError, match='written, but .*a.npz cannot be: '):
        require_writable_file('out', tmp_path / 'file/a.npz')
    with pytest.raises(ValueError, match='is a folder'):
        require_writable_file('out', tmp_path / 'new')
