"""Results are whole or not there."""

import gc

import pytest

from dense_scene.datasets.importers.files import (
    find_images,
    new_folder,
    paused_collector,
    write_text,
)


def test_a_failure_leaves_nothing_behind(tmp_path):
    with (
        pytest.raises(KeyboardInterrupt),
        new_folder(tmp_path / 'out') as folder,
    ):
        (folder / 'a.txt').write_text('half')
        raise KeyboardInterrupt
    (tmp_path / 'b.txt').write_text('before')

    def pieces():
        yield 'half'
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / 'b.txt', pieces())
    assert [path.name for path in tmp_path.iterdir()] == ['b.txt']
    assert (tmp_path / 'b.txt').read_text() == 'before'


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / 'out').mkdir()
    with new_folder(tmp_path / 'out') as folder:
        (folder / 'a.txt').write_text('all')
    assert (tmp_path / 'out/a.txt').read_text() == 'all'


def test_images_are_found_in_order_and_hidden_ones_left_out(tmp_path):
    for name in ('b.PNG', 'a/c.jpg', '.a/d.jpg', '._b.png', 'e.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.as_posix() for path in find_images(tmp_path)] == [
        'a/c.jpg',
        'b.PNG',
    ]
    with pytest.raises(FileNotFoundError, match='must be a folder'):
        find_images(tmp_path / 'none')


def test_the_collector_is_left_as_it_was():
    with pytest.raises(ValueError), paused_collector():
        assert not gc.isenabled()
        raise ValueError
    assert gc.isenabled()
