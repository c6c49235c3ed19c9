"""Finished work is kept, and believed only while the files are the same."""

import os

import pytest

from dense_scene.datasets.checks import parallel_inspection
from dense_scene.datasets.checks.image_record import inspect_image
from dense_scene.datasets.checks.parallel_inspection import inspect_images

NAMES = ['val_0.jpg', 'train_1.jpg', 'none.jpg', 'train_0.jpg']


@pytest.fixture
def inspect(root, tmp_path):

    def inspect(names=NAMES, workers=1):
        return inspect_images(
            root / 'images', names, tmp_path / 'out/j', workers, progress=False
        )

    return inspect


def test_order_and_content_with_any_number_of_workers(inspect, root, tmp_path):
    expected = [inspect_image(str(root / 'images'), name) for name in NAMES]
    assert inspect(workers=3) == expected
    (tmp_path / 'out/j').unlink()
    assert inspect(workers=1) == expected
    assert inspect([]) == []


def test_known_files_are_not_read_again_until_they_change(inspect, root):
    before = inspect()
    path = root / 'images/val_0.jpg'
    status = path.stat()
    path.write_bytes(b'x' * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert inspect() == before  # as far as size and time tell
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    after = inspect()
    assert after[0].fault == 'cannot be read as an image'
    assert after[1:] == before[1:]
    path.unlink()
    assert inspect()[0].fault == 'does not exist'


def test_interruption_keeps_what_is_finished(inspect, tmp_path, monkeypatch):
    def stop_after_one(futures):
        yield futures[0]
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel_inspection, 'as_completed', stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        inspect()
    written = (tmp_path / 'out/j').read_text().splitlines()
    assert len(written) == 2 and 'val_0.jpg' in written[1]
    monkeypatch.undo()
    found = inspect()
    assert [record.name for record in found] == NAMES
    lines = (tmp_path / 'out/j').read_text().splitlines()
    assert lines[: len(written)] == written
    # The header and three files, each read once.
    assert len(lines) == 4


def test_names_that_no_file_can_have_are_faults(inspect):
    below, long, good = inspect([f'{NAMES[0]}/x.jpg', 'x' * 300, NAMES[0]])
    assert below.fault == 'cannot be read (Not a directory)'
    assert long.fault == 'cannot be read (File name too long)'
    assert not good.fault


@pytest.mark.parametrize('cut', [1, 50])
def test_a_line_that_was_cut_short_is_dropped(inspect, tmp_path, cut):
    before = inspect()
    path = tmp_path / 'out/j'
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    assert inspect() == before
    # Written again: the lost line only, and whole.
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    'content',
    [
        'image,size\n',
        '[]\n',
        '{"dense_scene_checked_images": 0}\n',
        '{"dense_scene_checked_images": 1}\n{"name": "a", "colour": 3}\n',
    ],
)
def test_another_file_is_refused_and_kept(inspect, tmp_path, content):
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out/j').write_text(content)
    with pytest.raises(ValueError, match='is something else. Delete it'):
        inspect()
    assert (tmp_path / 'out/j').read_text() == content


def test_workers_below_one(inspect):
    with pytest.raises(
        ValueError, match='workers must be a positive integer, but got 0'
    ):
        inspect(workers=0)


def die(folder, name):
    os._exit(1)


def test_a_dead_worker_is_one_line(inspect, monkeypatch):
    monkeypatch.setattr(parallel_inspection, 'inspect_image', die)
    with pytest.raises(
        ChildProcessError, match='run again, with fewer workers'
    ):
        inspect()
